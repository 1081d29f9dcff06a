import { CharClass, COLON, EQUALS, isWordAt, QUESTION, SEMICOLON } from '../text/characters.ts'
import { scanHostPort } from './host-port.ts'
import { skipEscaped, unescapePercent } from './percent.ts'

/** A SIP or SIPS URI. RFC 3261 §19.1. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  /** Escapes undone; latin1 text, case kept. */
  readonly user: string | undefined
  readonly password: string | undefined
  /** Lower case; IPv6 without brackets. */
  readonly host: string
  readonly isIpv6: boolean
  readonly port: number | undefined
  /** Lower-case names, escapes undone. */
  readonly params: ReadonlyMap<string, string | undefined>
  /** What stands after `?`, as it came. */
  readonly headers: string | undefined
}

const NO_PARAMETERS: ReadonlyMap<string, string | undefined> = new Map()

/** Parses a SIP or SIPS URI; undefined for other schemes and for anything not well formed. */
export function parseSipUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':')
  const isSip = isWordAt(text, 0, colon, 'sip')
  if (!isSip && !isWordAt(text, 0, colon, 'sips')) return undefined
  const end = text.length
  let position = colon + 1
  let user: string | undefined
  let password: string | undefined
  // An unescaped "@" can only end the userinfo: neither parameters nor headers may hold one.
  const at = text.indexOf('@', position)
  if (at >= 0) {
    const userEnd = skipEscaped(text, position, at, CharClass.user)
    if (userEnd === position) return undefined
    user = unescapePercent(text.slice(position, userEnd))
    if (text.charCodeAt(userEnd) === COLON) {
      if (skipEscaped(text, userEnd + 1, at, CharClass.password) !== at) return undefined
      password = unescapePercent(text.slice(userEnd + 1, at))
    } else if (userEnd !== at) return undefined
    position = at + 1
  }
  const hostPort = scanHostPort(text, position, end)
  if (hostPort === undefined) return undefined
  const parametersEnd = checkParameters(text, hostPort.end)
  if (parametersEnd < 0) return undefined
  let headers: string | undefined
  if (parametersEnd < end) {
    if (skipEscaped(text, parametersEnd + 1, end, CharClass.uriHeader) !== end) return undefined
    headers = text.slice(parametersEnd + 1)
  }
  const params = hostPort.end === parametersEnd ? NO_PARAMETERS : readParameters(text, hostPort.end, parametersEnd)
  const { host, isIpv6, port } = hostPort
  return { scheme: isSip ? 'sip' : 'sips', user, password, host, isIpv6, port, params, headers }
}

/** Position after the URI parameters that begin at `position` (the end or a `?`), or -1 when not well formed. */
function checkParameters(text: string, position: number): number {
  const end = text.length
  while (position < end && text.charCodeAt(position) === SEMICOLON) {
    const next = skipEscaped(text, position + 1, end, CharClass.uriParameter)
    if (next === position + 1 || text.charCodeAt(position + 1) === EQUALS) return -1
    position = next
  }
  return position === end || text.charCodeAt(position) === QUESTION ? position : -1
}

/** RFC 3261 §19.1.1: a name may stand once; of two equal ones the first counts. */
function readParameters(text: string, start: number, end: number): ReadonlyMap<string, string | undefined> {
  const map = new Map<string, string | undefined>()
  for (const part of text.slice(start + 1, end).split(';')) {
    const equals = part.indexOf('=')
    const name = unescapePercent(equals < 0 ? part : part.slice(0, equals)).toLowerCase()
    if (!map.has(name)) map.set(name, equals < 0 ? undefined : unescapePercent(part.slice(equals + 1)))
  }
  return map
}
