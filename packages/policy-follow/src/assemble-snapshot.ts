import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { messageOf } from '@gatehouse/errors'
import { type PolicyObject, type Snapshot, SnapshotCompiler, type SnapshotDocument } from '@gatehouse/policy-engine'
import type { FollowCode } from './errors.ts'
import type { Manifest, ManifestChunk } from './manifest.ts'

const inflate = promisify(inflateRaw)

/** No chunk of a document's object limit comes near it. */
const MAX_CHUNK_BYTES = 16 * 1_048_576
/** Of the event loop at a time: well below what anybody notices, and a chunk more may come on top of it. */
const SLICE_MS = 2
/** Objects compiled between two looks at the clock. */
const SLICE_OBJECTS = 128

/** Objects of chunks that were verified and read, by the hashes of their parts. */
export type ReadChunks = ReadonlyMap<string, readonly PolicyObject[]>

export type Assembled =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly chunks: ReadChunks }
  | { readonly ok: false; readonly code: FollowCode; readonly detail: string }

export interface AssembleOptions {
  /** Parts by hash. */
  readonly parts: { get(hash: string): Uint8Array | undefined }
  /** Asked after each slice; false ends the work. */
  readonly isWanted: () => boolean
  /** Of the snapshot before: what is in them is not read again. */
  readonly known: ReadChunks
}

/**
 * Verifies, unpacks and compiles a snapshot in slices of a few milliseconds: messages are answered in between. Undefined: it was not
 * wanted any more. Never rejects.
 */
export async function assembleSnapshot(manifest: Manifest, options: AssembleOptions): Promise<Assembled | undefined> {
  const compiler = new SnapshotCompiler()
  const objects: PolicyObject[] = []
  const chunks = new Map<string, readonly PolicyObject[]>()
  let sliceStartMs = performance.now()
  try {
    for (const chunk of manifest.chunks) {
      const key = chunk.parts.join()
      const read = options.known.get(key) ?? (await readChunk(chunk, options.parts))
      if (read === undefined) return { ok: false, code: 'GH-SNAPSHOT-INCOMPLETE', detail: `Revision ${manifest.revision}.` }
      chunks.set(key, read)
      for (let at = 0; at < read.length; at++) {
        const object = read[at]!
        compiler.add(object)
        objects.push(object)
        if (at % SLICE_OBJECTS !== 0 || performance.now() - sliceStartMs < SLICE_MS) continue
        await setImmediate()
        sliceStartMs = performance.now()
        if (!options.isWanted()) return undefined
      }
    }
    if (objects.length !== manifest.objects) throw new Error(`${objects.length} objects instead of ${manifest.objects}`)
    const { revision, issuedAtMs } = manifest
    const document: SnapshotDocument = { format: 'gatehouse-snapshot/1', revision, issuedAtMs, objects }
    await setImmediate()
    return options.isWanted() ? { ok: true, snapshot: compiler.finish(document), chunks } : undefined
  } catch (thrown) {
    return { ok: false, code: 'GH-SNAPSHOT-UNREADABLE', detail: messageOf(thrown) }
  }
}

/** The signature covers the hashes, and the hashes the parts. */
async function readChunk(chunk: ManifestChunk, shelf: AssembleOptions['parts']): Promise<readonly PolicyObject[] | undefined> {
  const parts: Uint8Array[] = []
  for (const hash of chunk.parts) {
    const part = shelf.get(hash)
    if (part === undefined || createHash('sha256').update(part).digest('hex') !== hash) return undefined
    parts.push(part)
  }
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  // comes back in a turn of its own
  const text = (await inflate(bytes, { maxOutputLength: MAX_CHUNK_BYTES })).toString('utf8')
  return JSON.parse(text) as PolicyObject[]
}
