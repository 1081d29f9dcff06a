/** What stands under the snapshot's key when its objects do not fit in one message: the parts they lie in. Sealed like a snapshot. */
export interface Manifest {
  readonly revision: number
  readonly issuedAtMs: number
  readonly objects: number
  readonly chunks: readonly ManifestChunk[]
}

/** Objects as JSON array, deflated, cut into parts that one message can carry. */
export interface ManifestChunk {
  readonly objects: number
  /** SHA-256 of each part, hex: its key and its proof. */
  readonly parts: readonly string[]
}

const MANIFEST_FORMAT = 'gatehouse-manifest/1'
const HASH = /^[0-9a-f]{64}$/
const PART_PREFIX = 'part.'

/** Key of the bucket under which a part lies. Parts are named by what they hold, so one that did not change is not sent again. */
export function partKey(hash: string): string {
  return PART_PREFIX + hash
}

/** Undefined for keys of anything else. */
export function hashOfPartKey(key: string): string | undefined {
  const hash = key.slice(PART_PREFIX.length)
  return key.startsWith(PART_PREFIX) && HASH.test(hash) ? hash : undefined
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: MANIFEST_FORMAT, ...manifest }))
}

/** Undefined when the value, parsed JSON, is no manifest. Never throws. */
export function readManifest(value: unknown): Manifest | undefined {
  const manifest = value as Partial<Manifest & { readonly format: string }> | undefined | null
  if (manifest?.format !== MANIFEST_FORMAT || !Array.isArray(manifest.chunks)) return undefined
  const isWhole =
    Number.isSafeInteger(manifest.revision) &&
    Number.isSafeInteger(manifest.issuedAtMs) &&
    Number.isSafeInteger(manifest.objects) &&
    (manifest.chunks as Partial<ManifestChunk>[]).every(
      (chunk) =>
        Number.isSafeInteger(chunk?.objects) && Array.isArray(chunk?.parts) && chunk.parts.every((part) => HASH.test(String(part))),
    )
  return isWhole ? (manifest as Manifest) : undefined
}
