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

/** Cuts a snapshot into parts of at most `maxPartBytes`. Gives the event loop a turn after each chunk; compresses in the thread pool. */
export async function splitSnapshot(document: SnapshotDocument, maxPartBytes: number): Promise<SplitSnapshot> {
  const parts = new Map<string, Uint8Array>()
  const chunks: ManifestChunk[] = []
  for (let start = 0; start < document.objects.length; ) {
    const { end, json } = nextChunk(document.objects, start)
    const bytes = await deflate(json)
    const hashes: string[] = []
    for (let at = 0; at < bytes.length; at += maxPartBytes) {
      const part = bytes.subarray(at, at + maxPartBytes)
      const hash = createHash('sha256').update(part).digest('hex')
      parts.set(hash, part)
      hashes.push(hash)
    }
    chunks.push({ objects: end - start, parts: hashes })
    start = end
    await setImmediate()
  }
  const { revision, issuedAtMs } = document
  return { manifest: { revision, issuedAtMs, objects: document.objects.length, chunks }, parts }
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
