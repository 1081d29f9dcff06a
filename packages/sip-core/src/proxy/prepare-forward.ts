import { createOwnLine } from '../header/header-line.ts'
import type { NameAddr } from '../header/name-addr.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { toRequestUri } from '../uri/uri-parts.ts'
import { loopHash } from './loop-hash.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { createRefusal, type ProxyRefusal } from './proxy-refusal.ts'
import { type RouteReading, readRoute } from './read-route.ts'
import { validateForProxy } from './validate-for-proxy.ts'
import { viaValue } from './via-value.ts'

/** RFC 3261 §8.1.1.6, §16.6 step 3. */
const DEFAULT_MAX_FORWARDS = '70'

/** Methods that make or refresh a dialog, where a Record-Route has a meaning (RFC 3261 §16.6 step 4, RFC 6665, RFC 3515). */
const DIALOG_METHODS: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE'])

export interface ForwardOptions {
  readonly identity: ProxyIdentity
  /** Header value with angle brackets and `lr`, for the side that the request came from. */
  readonly ingressRecordRoute?: string | undefined
  /** The same for the side that it leaves on; goes on top (RFC 5658). Leave one out where both are the same. */
  readonly egressRecordRoute?: string | undefined
  readonly egressVia: { readonly host: string; readonly port: number }
  /** Makes the branch unique in space and time; token characters, no dot (RFC 3261 §8.1.1.7). */
  readonly branchSeed: string
  /** Lower case. */
  readonly supportedOptionTags: ReadonlySet<string>
  /** Replaces the Request-URI, when the target is not the one it names (RFC 3261 §16.6 step 2). */
  readonly targetUri?: string | undefined
}

export interface ForwardedRequest {
  readonly ok: true
  /** A copy, ready for `startClient`; the request that came in stays as it was, for its own answers and for another attempt. */
  readonly request: SipRequest
  /** Of our Via. */
  readonly branch: string
  /** Where it has to go: the top Route, or else the Request-URI (RFC 3261 §16.6 step 7). */
  readonly nextHopUri: string
  /** Our own Routes that it came with. */
  readonly removedOwnRoutes: readonly NameAddr[]
}

/**
 * RFC 3261 §16.3, §16.4 and §16.6 for one target. Call it once per attempt with a new `branchSeed`.
 * An ACK that is refused is dropped, never answered.
 */
export function prepareForward(request: SipRequest, options: ForwardOptions): ForwardedRequest | ProxyRefusal {
  const hash = loopHash(request)
  const refusal = validateForProxy(request, options.identity, options.supportedOptionTags, hash)
  if (refusal !== undefined) return refusal
  const reading = readRoute(request, options.identity)
  if (options.targetUri === undefined && reading.routes.length === 0 && !reading.isSip) {
    return createRefusal('GH-SIP-URI-SCHEME') // RFC 3261 §16.3 step 2
  }
  const copy = request.copy()
  const requestUri = options.targetUri ?? reading.requestUri
  if (requestUri !== copy.requestUri) copy.requestUri = requestUri
  applyRoute(copy, reading)
  const maxForwards = request.maxForwards()
  copy.headers.set('Max-Forwards', maxForwards === undefined ? DEFAULT_MAX_FORWARDS : String(maxForwards - 1))
  if (DIALOG_METHODS.has(copy.method)) recordRoute(copy, options)
  const nextHopUri = chooseNextHop(copy, reading)
  const branch = `z9hG4bK${options.branchSeed}.${hash}`
  copy.headers.prependLine(createOwnLine('Via', viaValue(options.egressVia, branch)))
  return { ok: true, request: copy, branch, nextHopUri, removedOwnRoutes: reading.ownRoutes }
}

function applyRoute(copy: SipRequest, reading: RouteReading): void {
  if (reading.isRepaired) {
    const values = copy.headers.values('route')
    const kept = values.slice(reading.ownRoutes.length, -1)
    copy.headers.remove('route')
    for (const value of kept) copy.headers.append('Route', value)
  } else {
    for (let own = reading.ownRoutes.length; own > 0; own--) copy.headers.removeFirstValue('route')
  }
}

/** RFC 3261 §16.6 step 4; RFC 5658: the side that it leaves on stands above the side that it came from. */
function recordRoute(copy: SipRequest, options: ForwardOptions): void {
  if (options.ingressRecordRoute !== undefined) copy.headers.prepend('Record-Route', options.ingressRecordRoute)
  if (options.egressRecordRoute !== undefined) copy.headers.prepend('Record-Route', options.egressRecordRoute)
}

/** RFC 3261 §16.6 steps 6 and 7: a next hop without `lr` is a strict router and finds itself in the Request-URI. */
function chooseNextHop(copy: SipRequest, reading: RouteReading): string {
  const top = reading.routes[0]
  if (top === undefined) return copy.requestUri
  if (top.sipUri === undefined || top.sipUri.params.has('lr')) return top.uri
  copy.headers.append('Route', `<${copy.requestUri}>`)
  copy.headers.removeFirstValue('route')
  copy.requestUri = toRequestUri(top.uri, top.sipUri)
  return top.uri
}
