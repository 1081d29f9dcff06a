import type { PeerIdentity } from '@gatehouse/im-model'
import { type CertificateDescription, type CrlState, matchDomain, matchHost } from '@gatehouse/peer-identity'
import type { DoctorCode } from '../errors.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'

const DAY_MS = 86_400_000
/** Time enough to write to somebody and be answered. */
const EXPIRES_SOON_MS = 14 * DAY_MS

/** Refusals of the path validation that belong to a later step than the chain. */
const OF_OTHER_STEPS: ReadonlySet<string> = new Set([
  'GH-IDENTITY-EXPIRED',
  'GH-IDENTITY-NOT-YET-VALID',
  'GH-IDENTITY-REVOKED',
  'GH-IDENTITY-REVOCATION-UNKNOWN',
  'GH-IDENTITY-EKU',
])

const CHAIN_CODES: Readonly<Record<string, DoctorCode>> = {
  'GH-IDENTITY-INTERMEDIATE-MISSING': 'GH-DOCTOR-CHAIN-INCOMPLETE',
  'GH-IDENTITY-UNTRUSTED': 'GH-DOCTOR-CHAIN-UNTRUSTED',
  'GH-IDENTITY-WEAK': 'GH-DOCTOR-CHAIN-WEAK',
}

/** `link`: what the gate's own judgement of a link says of a peer with a good path. */
export function judgeChain(
  peer: PeerIdentity,
  leaf: CertificateDescription | undefined,
  link: { readonly code: string; readonly detail: string } | undefined,
): readonly Finding[] {
  const { refusal } = peer
  if (refusal === undefined) return link?.code === 'GH-EDGE-LINK-TRUST-STORE' ? [findingOf('GH-DOCTOR-CHAIN-STORE', link.detail)] : []
  if (OF_OTHER_STEPS.has(refusal.code)) return []
  const detail = `${refusal.code}: ${refusal.detail}`
  if (refusal.code === 'GH-IDENTITY-UNTRUSTED' && leaf?.isSelfIssued === true)
    return [findingOf('GH-DOCTOR-CHAIN-SELF-SIGNED', leaf.subject)]
  return [findingOf(CHAIN_CODES[refusal.code] ?? 'GH-DOCTOR-CHAIN-BAD', detail)]
}

/** The peer as it would be if its path were good: names are looked at whatever stands against the path. */
export function asIfTrusted(peer: PeerIdentity, leaf: CertificateDescription, trust: readonly string[]): PeerIdentity {
  if (peer.isAuthenticated) return peer
  const sipDomains = leaf.sipDomains.filter(({ by }) => by === 'rfc5922-uri').map(({ domain }) => domain)
  const hasSan = leaf.dns.length > 0 || sipDomains.length > 0
  const names = { dns: leaf.dns, sipDomains, commonName: hasSan ? undefined : leaf.commonName?.toLowerCase() }
  return { ...peer, isAuthenticated: true, refusal: undefined, names, anchors: trust }
}

export function judgeNames(
  named: PeerIdentity,
  leaf: CertificateDescription,
  wanted: { readonly domain: string; readonly host: string },
  link: { readonly code: string; readonly detail: string } | undefined,
): readonly Finding[] {
  if (link?.code === 'GH-EDGE-LINK-NAME') {
    const isWild = matchHost(named, wanted.host, { acceptWildcard: true })
    return [findingOf(isWild ? 'GH-DOCTOR-NAME-WILDCARD' : 'GH-DOCTOR-NAME-MISMATCH', link.detail)]
  }
  const findings: Finding[] = []
  if (link?.code === 'GH-EDGE-LINK-PIN') findings.push(findingOf('GH-DOCTOR-NAME-PIN', link.detail))
  if (named.names.dns.length === 0 && named.names.sipDomains.length === 0)
    findings.push(warningOf('GH-DOCTOR-NAME-COMMON-NAME-ONLY', `CN ${leaf.commonName ?? ''}`))
  return findings
}

/** How the certificate speaks for the partner, for the facts. */
export function nameMatchText(named: PeerIdentity, wanted: { readonly domain: string; readonly host: string }): string {
  const match = matchDomain(named, wanted.domain)
  if (match !== 'none') return `the domain, as ${match === 'rfc5922-uri' ? 'URI' : 'DNS'} name (RFC 5922)`
  return matchHost(named, wanted.host) ? `the host ${wanted.host}` : 'neither domain nor host'
}

export function judgeUsage(peer: PeerIdentity, leaf: CertificateDescription): readonly Finding[] {
  if (peer.refusal?.code === 'GH-IDENTITY-EKU') return [findingOf('GH-DOCTOR-USAGE-WRONG', usageText(leaf))]
  if (!leaf.mayBeTlsServer && !leaf.mayBeTlsClient) return [findingOf('GH-DOCTOR-USAGE-WRONG', usageText(leaf))]
  return leaf.mayBeTlsServer ? [] : [warningOf('GH-DOCTOR-USAGE-NO-SERVER', usageText(leaf))]
}

const USAGE_WORDS: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.20': 'sipDomain',
  '2.5.29.37.0': 'any',
}

export function usageText(leaf: CertificateDescription): string {
  if (leaf.extendedKeyUsage === 'any') return 'no restriction'
  return leaf.extendedKeyUsage.map((oid) => USAGE_WORDS[oid] ?? oid).join(', ')
}

/** Leaf and what stands above it in the presented chain. */
export function judgeValidity(chain: readonly CertificateDescription[], nowMs: number): readonly Finding[] {
  const findings: Finding[] = []
  for (const { subject, notBeforeMs, notAfterMs } of chain) {
    const who = subject === '' ? 'the certificate' : subject
    if (notAfterMs < nowMs) findings.push(findingOf('GH-DOCTOR-VALIDITY-EXPIRED', `${who}: ended ${timeText(notAfterMs)}`))
    else if (notBeforeMs > nowMs) {
      const isClock = notBeforeMs - nowMs < DAY_MS
      findings.push(
        findingOf(isClock ? 'GH-DOCTOR-VALIDITY-CLOCK' : 'GH-DOCTOR-VALIDITY-NOT-YET', `${who}: begins ${timeText(notBeforeMs)}`),
      )
    } else if (notAfterMs - nowMs < EXPIRES_SOON_MS) {
      findings.push(warningOf('GH-DOCTOR-VALIDITY-SOON', `${who}: ends ${timeText(notAfterMs)}`))
    }
  }
  return findings
}

export function judgeRevocation(
  peer: PeerIdentity,
  chain: readonly CertificateDescription[],
  crls: readonly CrlState[],
  nowMs: number,
): readonly Finding[] {
  const { refusal } = peer
  if (refusal?.code === 'GH-IDENTITY-REVOKED') return [findingOf('GH-DOCTOR-REVOKED', refusal.detail)]
  if (refusal?.code === 'GH-IDENTITY-REVOCATION-UNKNOWN') return [findingOf('GH-DOCTOR-REVOCATION-UNKNOWN', refusal.detail)]
  const stale = listsOf(chain, crls).filter(({ nextUpdateMs }) => nextUpdateMs === undefined || nextUpdateMs < nowMs)
  return stale.map(({ issuer, nextUpdateMs }) =>
    warningOf('GH-DOCTOR-REVOCATION-STALE', `${issuer}: a newer one was due ${nextUpdateMs === undefined ? '-' : timeText(nextUpdateMs)}`),
  )
}

/** The newest list of each authority of the chain. */
export function listsOf(chain: readonly CertificateDescription[], crls: readonly CrlState[]): readonly CrlState[] {
  return [...new Set(chain.map(({ issuer }) => issuer))].flatMap((issuer) => {
    const own = crls.filter((crl) => crl.issuer === issuer).sort((a, b) => b.thisUpdateMs - a.thisUpdateMs)
    return own.slice(0, 1)
  })
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
