import type { SecureAnswer, SecureDns, SrvTarget, TlsaRecord, Wire } from '@gatehouse/bridge-kit'
import type { XmppTarget } from './find-targets.ts'

/** `match`: signed DNS names this very certificate or key. `mismatch`: it names others. `nothing`: it says nothing that can be used. */
export type DaneVerdict = 'match' | 'mismatch' | 'nothing'

type Shown = Pick<NonNullable<Wire['security']>['peer'], 'fingerprint' | 'spkiPin'>

/** Servers of one domain that are asked for their records, when one of them connects to us. */
const MAX_TARGETS = 4
const DANE_EE = 3
const SHA_256 = 1

/** A server that we connected to (RFC 7673 §3, §4): both the SRV and the TLSA records have to be signed. */
export async function daneOfTarget(dns: SecureDns, domain: string, target: XmppTarget, shown: Shown): Promise<DaneVerdict> {
  const srv = await dns.srv(srvNameOf(domain, target.tls))
  // what cannot be looked up may be what somebody keeps from us
  if (srv.status === 'failed') return 'mismatch'
  if (srv.status !== 'secure') return 'nothing'
  if (!srv.records.some(({ host, port }) => host === target.host && port === target.port)) return 'mismatch'
  return verdictOn(await dns.tlsa(tlsaNameOf(target)), shown)
}

/** A server that connected to us as that domain: it has to show what one of the domain's own servers would. */
export async function daneOfDomain(dns: SecureDns, domain: string, shown: Shown): Promise<DaneVerdict> {
  const answers = await Promise.all([dns.srv(srvNameOf(domain, 'starttls')), dns.srv(srvNameOf(domain, 'direct'))])
  const targets: SrvTarget[] = answers.flatMap((answer) => (answer.status === 'secure' ? answer.records : []))
  for (const target of targets.slice(0, MAX_TARGETS)) {
    if (verdictOn(await dns.tlsa(tlsaNameOf(target)), shown) === 'match') return 'match'
  }
  return 'nothing'
}

/** RFC 7671 §5.1: DANE-EE names the server's own certificate or key; names in it, its dates and who signed it do not count. */
export function verdictOn(answer: SecureAnswer<TlsaRecord>, { fingerprint, spkiPin }: Shown): DaneVerdict {
  if (answer.status === 'failed') return 'mismatch'
  if (answer.status !== 'secure') return 'nothing'
  // other usages and digests: unusable for us, as if they were not there (RFC 6698 §4.1)
  const usable = answer.records.filter(({ usage, selector, matching }) => usage === DANE_EE && selector <= 1 && matching === SHA_256)
  if (usable.length === 0) return 'nothing'
  const spki = Buffer.from(spkiPin, 'base64').toString('hex')
  return usable.some(({ selector, dataHex }) => dataHex !== '' && dataHex === (selector === 0 ? fingerprint : spki)) ? 'match' : 'mismatch'
}

function srvNameOf(domain: string, tls: XmppTarget['tls']): string {
  return `_${tls === 'direct' ? 'xmpps' : 'xmpp'}-server._tcp.${domain}`
}

function tlsaNameOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `_${port}._tcp.${host}`
}
