/** How a peer is known to us. Fixed for a connection by its first accepted message. */
export type PeerClass = 'direct' | 'allowed' | 'discovered' | 'clearinghouse' | 'provider' | 'bridge' | 'inside'

/** Which listener or dialler a connection belongs to. */
export type EdgeSide = 'external' | 'internal'

/** The names that a validated certificate speaks for; all lower case, without trailing dots. */
export interface PeerNames {
  /** `dNSName` entries, wildcards as written. */
  readonly dns: readonly string[]
  /** Domains of `URI:sip:` entries without a user part (RFC 5922 §7.1). */
  readonly sipDomains: readonly string[]
  /** Subject common name; only meaningful where the certificate has no SAN of a usable type. */
  readonly commonName: string | undefined
}

/** What the certificate of one connection proved. Immutable; made once after the handshake. */
export interface PeerIdentity {
  /** True when a valid path to at least one configured trust store exists. */
  readonly isAuthenticated: boolean
  /** Stable code of the reason when not authenticated (see `docs/reference/errors.md`). */
  readonly refusal: { readonly code: string; readonly detail: string } | undefined
  readonly names: PeerNames
  /** Names of the trust stores that anchor the path. */
  readonly anchors: readonly string[]
  /** True when the leaf has no EKU, or has clientAuth or anyExtendedKeyUsage. */
  readonly mayBeTlsClient: boolean
  /** SHA-256 of the leaf certificate, lower-case hex; empty when none was presented. */
  readonly fingerprint: string
  /** Base64 SHA-256 pins of the leaf's SubjectPublicKeyInfo (RFC 7469 §2.4). */
  readonly spkiPin: string
  readonly issuer: string
  readonly serial: string
  readonly notAfterMs: number
}

/** Who showed no certificate: a network's people, for whom the evidence of its connector vouches. */
export const NOBODY: PeerIdentity = {
  isAuthenticated: false,
  refusal: undefined,
  names: { dns: [], sipDomains: [], commonName: undefined },
  anchors: [],
  mayBeTlsClient: false,
  fingerprint: '',
  spkiPin: '',
  issuer: '',
  serial: '',
  notAfterMs: 0,
}

/** Which rule tied a domain to a certificate; recorded with each decision. */
export type NameMatch = 'rfc5922-uri' | 'rfc5922-dns' | 'configured-edge-name' | 'srv-host-in-domain' | 'none'
