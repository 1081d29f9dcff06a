import { Authority, type Issued, selfSigned } from '@gatehouse/lab'

export type CertificateName =
  | 'partner'
  | 'blocked'
  | 'member'
  | 'selfSigned'
  | 'untrusted'
  | 'expired'
  | 'notYetValid'
  | 'revoked'
  | 'wrongName'
  | 'wildcard'
  | 'nameConstraint'
  | 'intermediateMissing'
  | 'serverAuthOnly'

export interface CertificateCabinet {
  /** The only root that the gate trusts. */
  readonly trusted: Authority
  /** Revocation list with the revoked certificate on it. */
  readonly crlPem: string
  readonly certificates: Readonly<Record<CertificateName, Issued>>
}

const DAY_MS = 86_400_000
export const PARTNER_EDGE = 'sip.fabrikam.example'

/** Every certificate that a peer may turn up with, good and bad; all for the partner's edge but for the one thing that is wrong. */
export function openCabinet(nowMs: number): CertificateCabinet {
  const trusted = Authority.create({ name: 'Partners Root' })
  const issuing = trusted.intermediate({ name: 'Partners Issuing' })
  const constrained = trusted.intermediate({ name: 'Constrained Issuing', nameConstraints: { permitted: { dns: ['example.org'] } } })
  const stranger = Authority.create({ name: 'Nobody knows this root' })
  const names = { dns: [PARTNER_EDGE] }
  const revoked = trusted.issue(names)
  trusted.revoke(revoked)
  const bare = issuing.issue(names)
  return {
    trusted,
    crlPem: trusted.crlPem(),
    certificates: {
      partner: trusted.issue(names),
      blocked: trusted.issue({ dns: ['sip.blocked.example', 'sip.sub.blocked.example'] }),
      member: trusted.issue({ dns: ['sip.litware.example'] }),
      serverAuthOnly: trusted.issue({ ...names, eku: ['serverAuth'] }),
      selfSigned: selfSigned(names),
      untrusted: stranger.issue(names),
      expired: trusted.issue({ ...names, notBefore: new Date(nowMs - 60 * DAY_MS), notAfter: new Date(nowMs - DAY_MS) }),
      notYetValid: trusted.issue({ ...names, notBefore: new Date(nowMs + DAY_MS), notAfter: new Date(nowMs + 60 * DAY_MS) }),
      revoked,
      wrongName: trusted.issue({ dns: ['sip.litware.example'] }),
      wildcard: trusted.issue({ dns: ['*.fabrikam.example'] }),
      nameConstraint: constrained.issue(names),
      intermediateMissing: { ...bare, chainPem: bare.certPem, chainDer: [bare.der] },
    },
  }
}
