import { foldUser } from '../address-key.ts'

/** `user@domain` in the form tables are keyed by. */
export function foldAddress(address: string): { readonly user: string; readonly domain: string } {
  const at = address.lastIndexOf('@')
  return { user: foldUser(address.slice(0, at)), domain: address.slice(at + 1).toLowerCase() }
}

export function innerMap<T>(outer: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let inner = outer.get(key)
  if (inner === undefined) {
    inner = new Map()
    outer.set(key, inner)
  }
  return inner
}

/** The document refuses an unreadable instant; should one get here, `unreadableMs` keeps the gate closed. */
export function expiryMs(text: string | undefined, unreadableMs: number): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? unreadableMs : instant
}
