import { implicit, oid, sequence, set, tlv, utf8 } from './der.ts'

const encoder = new TextEncoder()

/** Names of a SubjectAltName or of one half of NameConstraints. Strings go into the certificate as they are, NULs too. */
export interface NameLists {
  readonly dns?: readonly string[]
  readonly uri?: readonly string[]
  /** Addresses; in name constraints `address/prefix`. */
  readonly ip?: readonly string[]
  readonly email?: readonly string[]
}

/** A distinguished name: organisation (when given), then common name (when given). Both undefined: the empty name. */
export function distinguishedName(commonName: string | undefined, organisation: string | undefined): Uint8Array {
  const parts: Uint8Array[] = []
  if (organisation !== undefined) parts.push(set(sequence(oid('2.5.4.10'), utf8(organisation))))
  if (commonName !== undefined) parts.push(set(sequence(oid('2.5.4.3'), utf8(commonName))))
  return sequence(...parts)
}

function addressBytes(address: string): number[] {
  if (!address.includes(':')) return address.split('.').map(Number)
  const [head = '', tail = ''] = address.split('::')
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)))
  const before = words(head)
  const after = words(tail)
  const middle = address.includes('::') ? new Array<number>(8 - before.length - after.length).fill(0) : []
  return [...before, ...middle, ...after].flatMap((word) => [word >> 8, word & 0xff])
}

function ipName(text: string): Uint8Array {
  const [address = '', prefix] = text.split('/')
  const bytes = addressBytes(address)
  if (prefix === undefined) return Uint8Array.from(bytes)
  const mask = bytes.map((_, index) => {
    const width = Math.min(8, Math.max(0, Number(prefix) - index * 8))
    return (0xff << (8 - width)) & 0xff
  })
  return Uint8Array.from([...bytes, ...mask])
}

/** RFC 5280 §4.2.1.6 GeneralName, one per name. */
export function generalNames(names: NameLists): Uint8Array[] {
  return [
    ...(names.email ?? []).map((name) => implicit(1, encoder.encode(name))),
    ...(names.dns ?? []).map((name) => implicit(2, encoder.encode(name))),
    ...(names.uri ?? []).map((name) => implicit(6, encoder.encode(name))),
    ...(names.ip ?? []).map((name) => implicit(7, ipName(name))),
  ]
}

/** RFC 5280 §4.2.1.10 GeneralSubtrees under the context tag `n`. */
export function subtrees(n: number, names: NameLists | undefined): Uint8Array[] {
  if (names === undefined) return []
  return [tlv(0xa0 | n, ...generalNames(names).map((name) => sequence(name)))]
}
