import type { NameAddr } from '../header/name-addr.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { parseSipUri, type SipUri } from '../uri/sip-uri.ts'
import { toRequestUri } from '../uri/uri-parts.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { stripMaddr } from './strip-maddr.ts'

/** What RFC 3261 §16.4 makes of Request-URI and Route; the request itself is untouched. */
export interface RouteReading {
  /** The Request-URI after repair. */
  readonly requestUri: string
  /** Whether it is a well-formed SIP or SIPS URI, without which there is no next hop but a Route. */
  readonly isSip: boolean
  /** Our own Routes, which the request has now visited, top first. */
  readonly ownRoutes: readonly NameAddr[]
  /** What is left to visit, top first. */
  readonly routes: readonly NameAddr[]
  /** The previous hop was a strict router, so the last Route became the Request-URI. */
  readonly isRepaired: boolean
}

/** RFC 3261 §16.4, with all consecutive own Routes taken at once for the two that a double Record-Route leaves (RFC 5658). */
export function readRoute(request: SipRequest, identity: ProxyIdentity): RouteReading {
  let routes: readonly NameAddr[] = request.headers.has('route') ? request.routes() : NONE
  let requestUri = request.requestUri
  let uri = request.requestSipUri()
  let isRepaired = false
  const last = routes[routes.length - 1]
  if (last !== undefined && uri !== undefined && isOwnRecordRoute(uri, identity)) {
    uri = last.sipUri
    requestUri = toRequestUri(last.uri, uri)
    if (uri !== undefined) uri = parseSipUri(requestUri)
    routes = routes.slice(0, -1)
    isRepaired = true
  }
  if (uri !== undefined) requestUri = withoutOwnMaddr(requestUri, uri, identity)
  let own = 0
  while (own < routes.length && isOwn(routes[own], identity)) own++
  const isSip = uri !== undefined
  return own === 0
    ? { requestUri, isSip, ownRoutes: NONE, routes, isRepaired }
    : { requestUri, isSip, ownRoutes: routes.slice(0, own), routes: routes.slice(own), isRepaired }
}

/** RFC 3261 §16.4: only what we put into Record-Route is both ours and marked `lr`. */
function isOwnRecordRoute(uri: SipUri, identity: ProxyIdentity): boolean {
  return uri.params.has('lr') && identity.isOwnUri(uri)
}

/** RFC 3261 §16.4: a Request-URI sent here by maddr is handled as if it had none. */
function withoutOwnMaddr(text: string, uri: SipUri, identity: ProxyIdentity): string {
  const maddr = uri.params.get('maddr')
  if (maddr === undefined) return text
  const target = parseSipUri(`${uri.scheme}:${maddr}${uri.port === undefined ? '' : `:${uri.port}`}`)
  return target !== undefined && identity.isOwnUri(target) ? stripMaddr(text, uri) : text
}

function isOwn(route: NameAddr | undefined, identity: ProxyIdentity): boolean {
  return route?.sipUri !== undefined && identity.isOwnUri(route.sipUri)
}

const NONE: readonly NameAddr[] = []
