import { AT, CharClass, COLON, EQUALS, isWordAt, QUESTION, SEMICOLON } from '../text/characters.ts'
import { type HostPort, scanHostPort } from './host-port.ts'
import { skipEscaped, unescapePercent, unescapePercentAt } from './percent.ts'

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

class ParsedSipUri implements SipUri {
  readonly scheme: 'sip' | 'sips'
  readonly user: string | undefined
  readonly password: string | undefined
  readonly host: string
  readonly isIpv6: boolean
  readonly port: number | undefined
  readonly headers: string | undefined
  readonly #parameterText: string
  #params: ReadonlyMap<string, string | undefined> | undefined = undefined

  constructor(scheme: 'sip' | 'sips', userInfo: UserInfo, hostPort: HostPort, parameterText: string, headers: string | undefined) {
    this.scheme = scheme
    this.user = userInfo.user
    this.password = userInfo.password
    this.host = hostPort.host
    this.isIpv6 = hostPort.isIpv6
    this.port = hostPort.port
    this.headers = headers
    this.#parameterText = parameterText
  }

  get params(): ReadonlyMap<string, string | undefined> {
    this.#params ??= readParameters(this.#parameterText)
    return this.#params
  }
}

interface UserInfo {
  readonly user: string | undefined
  readonly password: string | undefined
  /** Where the host begins. */
  readonly end: number
}

/** Parses a SIP or SIPS URI; undefined for other schemes and for anything not well formed. */
export function parseSipUri(text: string): SipUri | undefined {
  return scanSipUri(text, 0, text.length)
}

/** Parses the URI `text[start, end)`. */
export function scanSipUri(text: string, start: number, end: number): SipUri | undefined {
  const schemeEnd = sipSchemeEnd(text, start, end)
  if (schemeEnd < 0) return undefined
  const userInfo = readUserInfo(text, schemeEnd, end)
  if (userInfo === undefined) return undefined
  const hostPort = scanHostPort(text, userInfo.end, end)
  if (hostPort === undefined) return undefined
  const parametersEnd = checkParameters(text, hostPort.end, end)
  if (parametersEnd < 0 || skipEscaped(text, parametersEnd + 1, end, CharClass.uriHeader) < end) return undefined
  const headers = parametersEnd < end ? text.slice(parametersEnd + 1, end) : undefined
  const parameterText = hostPort.end === parametersEnd ? '' : text.slice(hostPort.end, parametersEnd)
  return new ParsedSipUri(schemeEnd - start === SIP_LENGTH ? 'sip' : 'sips', userInfo, hostPort, parameterText, headers)
}

const SIP_LENGTH = 'sip:'.length

/** Position after `sip:` or `sips:` (in any case, RFC 3261 §19.1.4), or -1. */
export function sipSchemeEnd(text: string, start: number, end: number): number {
  if (end - start <= SIP_LENGTH || !isWordAt(text, start, start + 3, 'sip')) return -1
  const isSips = (text.charCodeAt(start + 3) | 0x20) === 0x73
  const colon = isSips ? start + 4 : start + 3
  return text.charCodeAt(colon) === COLON ? colon + 1 : -1
}

/**
 * RFC 3261 §25.1 userinfo. An unescaped `@` can only end it: neither parameters nor headers may hold one, so text
 * without `@` after these characters has no userinfo.
 */
function readUserInfo(text: string, start: number, end: number): UserInfo | undefined {
  const userEnd = skipEscaped(text, start, end, CharClass.user)
  let at = userEnd
  if (userEnd < end && text.charCodeAt(userEnd) === COLON) at = skipEscaped(text, userEnd + 1, end, CharClass.password)
  if (at >= end || text.charCodeAt(at) !== AT) return { user: undefined, password: undefined, end: start }
  if (userEnd === start) return undefined
  const password = at === userEnd ? undefined : unescapePercentAt(text, userEnd + 1, at)
  return { user: unescapePercentAt(text, start, userEnd), password, end: at + 1 }
}

/** Position after the URI parameters that begin at `position` (the end or a `?`), or -1 when not well formed. */
function checkParameters(text: string, position: number, end: number): number {
  while (position < end && text.charCodeAt(position) === SEMICOLON) {
    const next = skipEscaped(text, position + 1, end, CharClass.uriParameter)
    if (next === position + 1 || text.charCodeAt(position + 1) === EQUALS) return -1
    position = next
  }
  return position === end || text.charCodeAt(position) === QUESTION ? position : -1
}

/** Of nearly all addresses of people. */
const NO_PARAMETERS: ReadonlyMap<string, string | undefined> = new Map()

/** RFC 3261 §19.1.1: a name may stand once; of two equal ones the first counts. */
function readParameters(parameterText: string): ReadonlyMap<string, string | undefined> {
  if (parameterText === '') return NO_PARAMETERS
  const map = new Map<string, string | undefined>()
  for (const part of parameterText.slice(1).split(';')) {
    const equals = part.indexOf('=')
    const name = unescapePercent(equals < 0 ? part : part.slice(0, equals)).toLowerCase()
    if (!map.has(name)) map.set(name, equals < 0 ? undefined : unescapePercent(part.slice(equals + 1)))
  }
  return map
}
