import { CHAR_CLASSES, CharClass, CLOSE_BRACKET, COLON, decimalAt, OPEN_BRACKET, skipClass } from '../text/characters.ts'
import { isIpv6Text } from './ip-address.ts'

const MAX_PORT = 65_535

export interface HostPort {
  /** Lower case; IPv6 without brackets. */
  readonly host: string
  readonly isIpv6: boolean
  readonly port: number | undefined
  /** Position after the host and port. */
  readonly end: number
}

/** Reads `host [":" port]` at `start`. RFC 3261 §25.1 hostport, IPv6reference. */
export function scanHostPort(text: string, start: number, end: number): HostPort | undefined {
  const isIpv6 = text.charCodeAt(start) === OPEN_BRACKET
  let hostEnd: number
  let host: string
  if (isIpv6) {
    hostEnd = start + 1
    while (hostEnd < end && text.charCodeAt(hostEnd) !== CLOSE_BRACKET) hostEnd++
    if (hostEnd >= end) return undefined
    host = text.slice(start + 1, hostEnd).toLowerCase()
    if (!isIpv6Text(host)) return undefined
    hostEnd++
  } else {
    let hasCapital = false
    for (hostEnd = start; hostEnd < end; hostEnd++) {
      const code = text.charCodeAt(hostEnd)
      if ((CHAR_CLASSES[code]! & CharClass.host) === 0) break
      if (code >= 0x41 && code <= 0x5a) hasCapital = true
    }
    if (hostEnd === start) return undefined
    host = text.slice(start, hostEnd)
    if (hasCapital) host = host.toLowerCase()
  }
  if (hostEnd >= end || text.charCodeAt(hostEnd) !== COLON) return { host, isIpv6, port: undefined, end: hostEnd }
  const portEnd = skipClass(text, hostEnd + 1, end, CharClass.digit)
  const port = decimalAt(text, hostEnd + 1, portEnd)
  return port < 1 || port > MAX_PORT ? undefined : { host, isIpv6, port, end: portEnd }
}
