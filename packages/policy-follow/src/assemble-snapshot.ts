import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { messageOf } from '@gatehouse/errors'
import { type PolicyObject, type Snapshot, SnapshotCompiler, type SnapshotDocument } from '@gatehouse/policy-engine'
import type { FollowCode } from './errors.ts'
import type { Manifest, ManifestChunk } from './manifest.ts'
import type { PartShelf } from './part-shelf.ts'

const inflate = promisify(inflateRaw)

/** No chunk of a document's object limit comes near it. */
const MAX_CHUNK_BYTES = 16 * 1_048_576

export type Assembled =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly code: FollowCode; readonly detail: string }

/**
 * Verifies, unpacks and compiles a snapshot in slices of a few milliseconds: messages are answered in between. `isWanted` is asked
 * before each; false ends the work. Never rejects.
 */
export async function assembleSnapshot(manifest: Manifest, shelf: PartShelf, isWanted: () => boolean): Promise<Assembled | undefined> {
  const compiler = new SnapshotCompiler()
  const objects: PolicyObject[] = []
  try {
    for (const chunk of manifest.chunks) {
      const bytes = verifiedBytes(chunk, shelf)
      if (bytes === undefined) return { ok: false, code: 'GH-SNAPSHOT-INCOMPLETE', detail: `Revision ${manifest.revision}.` }
      const text = (await inflate(bytes, { maxOutputLength: MAX_CHUNK_BYTES })).toString('utf8')
      const read = JSON.parse(text) as PolicyObject[]
      for (const object of read) {
        compiler.add(object)
        objects.push(object)
      }
      await setImmediate()
      if (!isWanted()) return undefined
    }
    if (objects.length !== manifest.objects) throw new Error(`${objects.length} objects instead of ${manifest.objects}`)
    const { revision, issuedAtMs } = manifest
    const document: SnapshotDocument = { format: 'gatehouse-snapshot/1', revision, issuedAtMs, objects }
    return { ok: true, snapshot: compiler.finish(document) }
  } catch (thrown) {
    return { ok: false, code: 'GH-SNAPSHOT-UNREADABLE', detail: messageOf(thrown) }
  }
}

/** The signature covers the hashes, and the hashes the parts. */
function verifiedBytes(chunk: ManifestChunk, shelf: PartShelf): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  for (const hash of chunk.parts) {
    const part = shelf.get(hash)
    if (part === undefined || createHash('sha256').update(part).digest('hex') !== hash) return undefined
    parts.push(part)
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts)
}
