import type { SipUri } from '../uri/sip-uri.ts'
import { isNumericHost } from './is-numeric-host.ts'

const TLS_PORT = 5061
const PLAIN_PORT = 5060

/** What has to be looked up to find where a URI leads. */
export type TargetPlan =
  /** No lookup: an IP address. */
  | { readonly kind: 'address'; readonly transport: SipTransport; readonly host: string; readonly port: number }
  /** A and AAAA of a name. */
  | { readonly kind: 'host'; readonly transport: SipTransport; readonly host: string; readonly port: number }
  /** SRV; when there is no such record, A and AAAA of `host` with `fallbackPort`. */
  | {
      readonly kind: 'srv'
      readonly transport: SipTransport
      readonly service: string
      readonly host: string
      readonly fallbackPort: number
    }

export type SipTransport = 'tls' | 'tcp' | 'udp' | 'other'

/**
 * RFC 3263 §4.1 and §4.2 for an element that prefers TLS and does no NAPTR: maddr before host; an address or an explicit port
 * needs no SRV. A URI that names another transport is planned for that one: whether to use it is up to the caller.
 */
export function planTarget(uri: SipUri): TargetPlan {
  const host = (uri.params.get('maddr') ?? uri.host).toLowerCase()
  const transport = transportOf(uri)
  const fallbackPort = transport === 'tls' ? TLS_PORT : PLAIN_PORT
  if (isNumericHost(host)) return { kind: 'address', transport, host: withoutBrackets(host), port: uri.port ?? fallbackPort }
  if (uri.port !== undefined) return { kind: 'host', transport, host, port: uri.port }
  return { kind: 'srv', transport, service: `${serviceOf(transport)}.${host}`, host, fallbackPort }
}

/** RFC 3261 §26.2.2: sips means TLS; RFC 3263 §4.1: without a transport parameter the choice is ours, and it is TLS. */
function transportOf(uri: SipUri): SipTransport {
  const transport = uri.params.get('transport')?.toLowerCase()
  if (uri.scheme === 'sips' || transport === undefined || transport === 'tls') return 'tls'
  return transport === 'tcp' || transport === 'udp' ? transport : 'other'
}

/** RFC 3263 §4.2: `_sips._tcp` is the service over TLS. */
function serviceOf(transport: SipTransport): string {
  return transport === 'tls' ? '_sips._tcp' : transport === 'udp' ? '_sip._udp' : '_sip._tcp'
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
