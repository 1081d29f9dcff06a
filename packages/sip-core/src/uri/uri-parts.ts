import { unescapePercent } from './percent.ts'
import type { SipUri } from './sip-uri.ts'

/** The pieces of a SIP URI's text, so that some can be left out and the others stay as they came. */
export interface UriParts {
  /** Scheme and user, up to the host. */
  readonly head: string
  readonly hostPort: string
  /** As written, without their semicolons. */
  readonly params: readonly string[]
  /** With the question mark; empty without headers. */
  readonly headers: string
}

/** `uri` must be what `parseSipUri` made of `text`. */
export function uriParts(text: string, uri: SipUri): UriParts {
  const headersAt = text.length - (uri.headers === undefined ? 0 : uri.headers.length + 1)
  const hostAt = Math.max(text.indexOf(':'), text.indexOf('@')) + 1
  const [hostPort = '', ...params] = text.slice(hostAt, headersAt).split(';')
  return { head: text.slice(0, hostAt), hostPort, params, headers: text.slice(headersAt) }
}

/** Lower-case name of a parameter as written. */
export function paramName(param: string): string {
  const equals = param.indexOf('=')
  return unescapePercent(equals < 0 ? param : param.slice(0, equals)).toLowerCase()
}

/** A URI as it may stand in a Request-URI: without headers and method (RFC 3261 §19.1.1, §12.2.1.1). Other schemes as they are. */
export function toRequestUri(text: string, uri: SipUri | undefined): string {
  if (uri === undefined || (uri.headers === undefined && !uri.params.has('method'))) return text
  const { head, hostPort, params } = uriParts(text, uri)
  return head + [hostPort, ...params.filter((param) => paramName(param) !== 'method')].join(';')
}
