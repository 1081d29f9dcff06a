import type { SipUri } from '../uri/sip-uri.ts'

/** The URI without maddr, transport and a port that is not its scheme's default (RFC 3261 §16.4); user, other parameters and headers stay. */
export function stripMaddr(text: string, uri: SipUri): string {
  const headersAt = uri.headers === undefined ? text.length : text.lastIndexOf('?')
  const hostAt = Math.max(text.indexOf(':'), text.indexOf('@')) + 1
  const [hostPort = '', ...params] = text.slice(hostAt, headersAt).split(';')
  const portAt = hostPort.indexOf(':', hostPort.lastIndexOf(']') + 1)
  const isDefaultPort = uri.port === (uri.scheme === 'sips' ? 5061 : 5060)
  const host = portAt < 0 || isDefaultPort ? hostPort : hostPort.slice(0, portAt)
  const kept = params.filter((param) => !isStripped(param))
  return text.slice(0, hostAt) + [host, ...kept].join(';') + text.slice(headersAt)
}

function isStripped(param: string): boolean {
  const equals = param.indexOf('=')
  const name = (equals < 0 ? param : param.slice(0, equals)).trim().toLowerCase()
  return name === 'maddr' || name === 'transport'
}
