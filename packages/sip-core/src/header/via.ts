import { CharClass, decimalAt, isWordAt, SLASH, skipClass, skipSpace } from '../text/characters.ts'
import { scanHostPort } from '../uri/host-port.ts'
import { Parameters } from './parameters.ts'

/** One Via value. RFC 3261 §20.42, RFC 3581 (`rport`). */
export interface Via {
  readonly protocol: 'SIP/2.0'
  /** Upper case. */
  readonly transport: string
  /** Lower case; IPv6 without brackets. */
  readonly host: string
  readonly port: number | undefined
  readonly branch: string | undefined
  readonly received: string | undefined
  /** `true` when asked for without a value. */
  readonly rport: number | true | undefined
  readonly params: ReadonlyMap<string, string | undefined>
}

export class ParsedVia implements Via {
  /** Where the value ends in the text it was read from. */
  readonly end: number
  readonly protocol = 'SIP/2.0'
  readonly transport: string
  readonly host: string
  readonly port: number | undefined
  readonly branch: string | undefined
  readonly #parameters: Parameters

  constructor(transport: string, host: string, port: number | undefined, parameters: Parameters) {
    this.transport = transport
    this.host = host
    this.port = port
    this.branch = parameters.wanted
    this.#parameters = parameters
    this.end = parameters.end
  }

  get received(): string | undefined {
    if (!this.#parameters.hasOthers) return undefined
    const received = this.#parameters.get('received')
    // RFC 5118 §4.5: an IPv6 address here comes with and without brackets.
    return received?.startsWith('[') === true && received.endsWith(']') ? received.slice(1, -1) : received
  }

  get rport(): number | true | undefined {
    if (!this.#parameters.hasOthers) return undefined
    const value = this.#parameters.get('rport')
    if (value === undefined) return this.#parameters.has('rport') ? true : undefined
    const port = decimalAt(value, 0, value.length)
    return port < 0 ? undefined : port
  }

  get params(): ReadonlyMap<string, string | undefined> {
    return this.#parameters.toMap()
  }
}

/** Parses one Via value; undefined when not well formed or not SIP/2.0. */
export function parseVia(text: string): Via | undefined {
  const via = scanVia(text, 0, text.length)
  return via?.end === text.length ? via : undefined
}

/** Parses the first Via value of `text[start, end)`; its `end` is the comma after it or `end`. White space may stand around each slash (RFC 3261 §25.1 SLASH). */
export function scanVia(text: string, start: number, end: number): ParsedVia | undefined {
  let position = skipProtocol(text, skipSpace(text, start, end), end)
  if (position < 0) return undefined
  const wordEnd = skipClass(text, position, end, CharClass.token)
  if (wordEnd === position) return undefined
  const transport = upperCase(text, position, wordEnd)
  position = skipSpace(text, wordEnd, end)
  if (position === wordEnd) return undefined
  const hostPort = scanHostPort(text, position, end)
  if (hostPort === undefined) return undefined
  const parameters = Parameters.scan(text, hostPort.end, end, 'branch')
  return parameters === undefined ? undefined : new ParsedVia(transport, hostPort.host, hostPort.port, parameters)
}

/** Position after `SIP/2.0/` and the white space behind it, or -1. */
function skipProtocol(text: string, start: number, end: number): number {
  // Nearly all senders write it like this.
  if (text.startsWith('SIP/2.0/', start)) return skipSpace(text, start + 8, end)
  let wordEnd = skipClass(text, start, end, CharClass.token)
  if (!isWordAt(text, start, wordEnd, 'sip')) return -1
  const version = skipSlash(text, wordEnd, end)
  if (version < 0) return -1
  wordEnd = skipClass(text, version, end, CharClass.token)
  return isWordAt(text, version, wordEnd, '2.0') ? skipSlash(text, wordEnd, end) : -1
}

function skipSlash(text: string, position: number, end: number): number {
  const slash = skipSpace(text, position, end)
  return slash < end && text.charCodeAt(slash) === SLASH ? skipSpace(text, slash + 1, end) : -1
}

function upperCase(text: string, start: number, end: number): string {
  if (isWordAt(text, start, end, 'tls')) return 'TLS'
  if (isWordAt(text, start, end, 'tcp')) return 'TCP'
  return text.slice(start, end).toUpperCase()
}
