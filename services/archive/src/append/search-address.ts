/** No address and no domain that works is longer. */
export const MOST_ADDRESS = 512
export const MOST_DOMAIN = 255

/** An address as search compares it: without scheme and parameters, lower case; up to a NUL, which no text of PostgreSQL holds. */
export function searchAddress(address: string): string {
  let start = 0
  let end = address.length
  let at = -1
  for (let i = 0; i < address.length; i++) {
    const c = address.charCodeAt(i)
    if (c === 0x40 && at < 0) at = i
    else if (c === 0x3a && at < 0) start = i + 1
    else if (c === 0x3b || c === 0x3e || c === 0x3f || c === 0) {
      end = i
      break
    }
  }
  // A colon in front of the @ ends the scheme; without an @ it may belong to a host and port and stays.
  if (at < 0) start = /^sips?:/i.test(address) ? address.indexOf(':') + 1 : 0
  return bounded(address.slice(start, end).toLowerCase(), MOST_ADDRESS)
}

/** The domain of an address in that form; the whole of it when it has no user part. */
export function searchDomain(address: string): string {
  const host = address.slice(address.lastIndexOf('@') + 1)
  const port = host.startsWith('[') ? host.indexOf(':', host.indexOf(']')) : host.indexOf(':')
  return bounded(port < 0 ? host : host.slice(0, port), MOST_DOMAIN)
}

function bounded(text: string, most: number): string {
  return text.length > most ? text.slice(0, most).toWellFormed() : text
}
