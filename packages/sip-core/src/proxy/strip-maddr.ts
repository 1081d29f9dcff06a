import type { SipUri } from '../uri/sip-uri.ts'
import { paramName, uriParts } from '../uri/uri-parts.ts'

/** The URI without maddr, transport and a port that is not its scheme's default (RFC 3261 §16.4); all else stays. */
export function stripMaddr(text: string, uri: SipUri): string {
  const { head, hostPort, params, headers } = uriParts(text, uri)
  const portAt = hostPort.indexOf(':', hostPort.lastIndexOf(']') + 1)
  const isDefaultPort = uri.port === (uri.scheme === 'sips' ? 5061 : 5060)
  const host = portAt < 0 || isDefaultPort ? hostPort : hostPort.slice(0, portAt)
  return head + [host, ...params.filter((param) => !STRIPPED.has(paramName(param)))].join(';') + headers
}

const STRIPPED: ReadonlySet<string> = new Set(['maddr', 'transport'])
