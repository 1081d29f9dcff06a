/**
 * Who of the members owns a key (highest random weight): everybody who knows the same members says the same, and when one goes only its own
 * keys move. Undefined: there are none.
 */
export function ownerOf(key: string, members: readonly string[]): string | undefined {
  let owner: string | undefined
  let best = -1
  for (const member of members) {
    const weight = mix(`${member}\n${key}`)
    if (weight > best || (weight === best && owner !== undefined && member < owner)) {
      best = weight
      owner = member
    }
  }
  return owner
}

/** FNV-1a with the finalizer of MurmurHash3: spread enough for members whose names differ in one digit. */
function mix(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
