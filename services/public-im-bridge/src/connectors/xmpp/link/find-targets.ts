import type { ConnectorDns, SrvAnswer } from '@gatehouse/bridge-kit'
import type { XmppCode } from '../errors.ts'

/** One server to try. */
export interface XmppTarget {
  readonly host: string
  readonly port: number
  readonly tls: 'starttls' | 'direct'
}

export type TargetAnswer =
  | { readonly ok: true; readonly targets: readonly XmppTarget[] }
  | { readonly ok: false; readonly code: XmppCode; readonly detail: string }

/** RFC 6120 §3.2.2: without any SRV record the domain itself, at this port. */
const FALLBACK_PORT = 5269
/** Servers tried for one message. */
const MAX_TARGETS = 8

/**
 * Where the server of a domain is (RFC 6120 §3.2, XEP-0368 §3): both kinds of records are one list, ordered by priority, direct TLS first among
 * equals. A lookup that failed is not an absent record: falling back then would let whoever breaks DNS choose the server.
 */
export async function findTargets(dns: ConnectorDns, domain: string): Promise<TargetAnswer> {
  const [direct, plain] = await Promise.all([dns.srv(`_xmpps-server._tcp.${domain}`), dns.srv(`_xmpp-server._tcp.${domain}`)])
  for (const answer of [direct, plain]) if (answer.status === 'failed') return { ok: false, code: 'GH-XMPP-DNS', detail: answer.detail }
  const found = [...targetsOf(direct, 'direct'), ...targetsOf(plain, 'starttls')]
  if (found.length === 0) {
    // RFC 2782: records that all name `.` say that there is no such service.
    if (direct.status === 'found' || plain.status === 'found') return { ok: false, code: 'GH-XMPP-NO-SERVER', detail: domain }
    return { ok: true, targets: [{ host: domain, port: FALLBACK_PORT, tls: 'starttls' }] }
  }
  const ordered = found.map((entry, index) => ({ ...entry, index })).sort((a, b) => a.priority - b.priority || a.index - b.index)
  return { ok: true, targets: ordered.slice(0, MAX_TARGETS).map(({ host, port, tls }) => ({ host, port, tls })) }
}

function targetsOf(answer: SrvAnswer, tls: XmppTarget['tls']): (XmppTarget & { priority: number })[] {
  if (answer.status !== 'found') return []
  return answer.targets.filter(({ host }) => host !== '' && host !== '.').map(({ host, port, priority }) => ({ host, port, tls, priority }))
}
