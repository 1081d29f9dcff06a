import type { StreamHashes } from './stream-types.ts'

/** The key that shows that `local` really wants to send to `remote` on that stream (XEP-0185 §3). */
export function dialbackKey(
  hashes: StreamHashes,
  secret: string,
  pair: { receiving: string; originating: string },
  streamId: string,
): string {
  return hashes.hmacSha256Hex(hashes.sha256Hex(secret), `${pair.receiving} ${pair.originating} ${streamId}`)
}

/** Compared without telling by its time how much was right. */
export function keysMatch(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index % Math.max(1, b.length))
  return difference === 0
}
