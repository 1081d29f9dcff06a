import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import type { PolicyObject, SnapshotDocument } from '@gatehouse/policy-engine'
import type { Manifest, ManifestChunk } from './manifest.ts'

const deflate = promisify(deflateRaw)

/** Chunks end where the hash of a name says so, one in so many: an object more or less then changes one chunk, not all after it. */
const MEAN_OBJECTS = 256
const MAX_OBJECTS = 1_024
/** Enough for a thread's while of work, small enough to parse between two messages. */
const MAX_CHUNK_CHARS = 131_072

export interface SplitSnapshot {
  readonly manifest: Manifest
  /** By hash. */
  readonly parts: ReadonlyMap<string, Uint8Array>
}

interface Chunk {
  readonly objects: readonly PolicyObject[]
  readonly parts: readonly (readonly [hash: string, part: Uint8Array])[]
}

/**
 * Cuts snapshots into parts of at most `maxPartBytes`. Objects of the snapshot before, the very same in memory, are not written out
 * again: of a large policy in which little changed only that costs anything.
 */
export class SnapshotSplitter {
  readonly #maxPartBytes: number
  #chunks: ReadonlyMap<PolicyObject, Chunk> = new Map()

  constructor(maxPartBytes: number) {
    this.#maxPartBytes = maxPartBytes
  }

  /** Gives the event loop a turn after each chunk it writes; compresses in the thread pool. One call at a time. */
  async split(document: SnapshotDocument): Promise<SplitSnapshot> {
    const { revision, issuedAtMs, objects } = document
    const chunks = new Map<PolicyObject, Chunk>()
    for (let start = 0; start < objects.length; ) {
      const first = objects[start]!
      const chunk = this.#known(objects, start) ?? (await this.#write(objects, start))
      chunks.set(first, chunk)
      start += chunk.objects.length
    }
    this.#chunks = chunks
    const listed: ManifestChunk[] = []
    const parts = new Map<string, Uint8Array>()
    for (const chunk of chunks.values()) {
      listed.push({ objects: chunk.objects.length, parts: chunk.parts.map(([hash]) => hash) })
      for (const [hash, part] of chunk.parts) parts.set(hash, part)
    }
    return { manifest: { revision, issuedAtMs, objects: objects.length, chunks: listed }, parts }
  }

  #known(objects: readonly PolicyObject[], start: number): Chunk | undefined {
    const known = this.#chunks.get(objects[start]!)
    return known?.objects.every((object, at) => objects[start + at] === object) === true ? known : undefined
  }

  async #write(objects: readonly PolicyObject[], start: number): Promise<Chunk> {
    const { end, json } = nextChunk(objects, start)
    const bytes = await deflate(json)
    const parts: [string, Uint8Array][] = []
    for (let at = 0; at < bytes.length; at += this.#maxPartBytes) {
      const part = bytes.subarray(at, at + this.#maxPartBytes)
      parts.push([createHash('sha256').update(part).digest('hex'), part])
    }
    await setImmediate()
    return { objects: objects.slice(start, end), parts }
  }
}

/** The same for one snapshot. */
export function splitSnapshot(document: SnapshotDocument, maxPartBytes: number): Promise<SplitSnapshot> {
  return new SnapshotSplitter(maxPartBytes).split(document)
}

function nextChunk(objects: readonly PolicyObject[], start: number): { readonly end: number; readonly json: string } {
  const texts: string[] = []
  let chars = 0
  let end = start
  for (; end < objects.length && texts.length < MAX_OBJECTS && chars < MAX_CHUNK_CHARS; ) {
    const object = objects[end]!
    const text = JSON.stringify(object)
    texts.push(text)
    chars += text.length
    end += 1
    if (nameHash(object.name) % MEAN_OBJECTS === 0) break
  }
  return { end, json: `[${texts.join(',')}]` }
}

/** FNV-1a, 32 bits. */
function nameHash(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
