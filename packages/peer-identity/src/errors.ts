/** Why a certificate was not accepted, and what `gatehouse cert check` finds. */
export const identityCodes = {
  'GH-IDENTITY-OK': {
    summary: 'The certificate chains to a configured trust store.',
    remedy: 'Nothing to do.',
    retry: 'never',
  },
  'GH-IDENTITY-NO-CERTIFICATE': {
    summary: 'The peer presented no certificate.',
    remedy: 'Federation needs mutual TLS: the peer has to be configured to send its certificate when it connects.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-MALFORMED': {
    summary: 'A presented certificate is not a well-formed X.509 version 3 certificate in DER.',
    remedy: 'Have the peer present certificates made by an ordinary certificate authority.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-TOO-LARGE': {
    summary: 'A presented certificate is larger than 64 KiB.',
    remedy: 'Have the peer use a certificate with fewer names.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-CHAIN-TOO-LONG': {
    summary: 'The peer presented more certificates, or needs a longer path, than is accepted.',
    remedy: 'Have the peer present its certificate and the intermediates above it, nothing else.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-UNTRUSTED': {
    summary: 'The certificate does not chain to any configured trust store.',
    remedy: 'Add the root of the partner’s certificate authority to a trust store if it is to be trusted.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-INTERMEDIATE-MISSING': {
    summary: 'The presented chain stops before a root: an intermediate certificate was not sent.',
    remedy: 'Have the peer install the full chain (its certificate followed by the intermediates); intermediates are never fetched.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-EXPIRED': {
    summary: 'A certificate of the path has expired.',
    remedy: 'Have its owner renew it; check the clock of this machine.',
    retry: 'later',
    sip: 403,
  },
  'GH-IDENTITY-NOT-YET-VALID': {
    summary: 'A certificate of the path is not valid yet.',
    remedy: 'Check the clocks of both sides; otherwise wait for the start of its validity.',
    retry: 'later',
    sip: 403,
  },
  'GH-IDENTITY-REVOKED': {
    summary: 'A certificate of the path is revoked.',
    remedy: 'The peer needs a new certificate; ask it whether its key was compromised.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-REVOCATION-UNKNOWN': {
    summary: 'Revocation checking is required and no usable revocation list of the issuer is at hand.',
    remedy: 'Provide a current CRL of the named issuer, or set revocation to whenPresent.',
    retry: 'later',
    sip: 403,
  },
  'GH-IDENTITY-NAME-CONSTRAINT': {
    summary: 'A certificate carries a name that an authority above it is not allowed to certify.',
    remedy: 'Have the peer ask an authority that may issue for that name.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-NOT-A-CA': {
    summary: 'A certificate in the place of an authority is not one (basic constraints).',
    remedy: 'Have the peer present the chain its authority gave it; an end-entity certificate cannot issue others.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-PATH-LENGTH': {
    summary: 'The path is longer than an authority in it allows (pathLenConstraint).',
    remedy: 'Have the peer ask its certificate authority for a certificate with a valid path.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-KEY-USAGE': {
    summary: 'A key is used for what its certificate does not allow (key usage).',
    remedy: 'Authorities need keyCertSign, end entities digitalSignature; have the certificate made anew.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-EKU': {
    summary: 'The extended key usage allows neither TLS server, TLS client nor SIP domain.',
    remedy: 'Have the peer use a certificate made for TLS.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-CRITICAL-EXTENSION': {
    summary: 'A certificate has a critical extension that is not understood.',
    remedy: 'Have the peer use a certificate without the named extension, or with the extension not critical.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-WEAK': {
    summary: 'A key or signature of the path is too weak or of an unusual kind.',
    remedy: 'Use RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519, with SHA-256 or better.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-PATH-REFUSED': {
    summary: 'The path-validation library refuses a path for another reason (certificate policies, as a rule).',
    remedy: 'Read the detail; run `gatehouse cert check` on the peer’s chain.',
    retry: 'never',
    sip: 403,
  },
  'GH-IDENTITY-STORE': {
    summary: 'A trust store or CRL file could not be read as certificates or revocation lists.',
    remedy: 'Provide PEM or DER files; the detail names the file and the entry.',
    retry: 'never',
  },
  'GH-CERT-NAME-IGNORED': {
    summary: 'A name in the certificate is ignored because it is not a usable name.',
    remedy: 'Have the certificate made anew without the malformed name.',
    retry: 'never',
  },
  'GH-CERT-NO-SIP-DOMAIN': {
    summary: 'The certificate speaks for no SIP domain by the rules of RFC 5922.',
    remedy: 'Put the SIP domain into the SAN as URI:sip:<domain> or DNS:<domain>.',
    retry: 'never',
  },
  'GH-CERT-COMMON-NAME-ONLY': {
    summary: 'The certificate carries its name in the common name only.',
    remedy: 'Have it made anew with a SAN; many peers ignore the common name.',
    retry: 'never',
  },
  'GH-CERT-WILDCARD': {
    summary: 'The certificate has a wildcard name; SIP federation does not match wildcards (RFC 5922 §7.2).',
    remedy: 'Name each host and SIP domain in full.',
    retry: 'never',
  },
  'GH-CERT-CN-NOT-IN-SAN': {
    summary: 'The common name is not among the SAN names; some public IM networks look at it alone.',
    remedy: 'Use the edge’s host name both as common name and in the SAN.',
    retry: 'never',
  },
  'GH-CERT-NO-CLIENT-AUTH': {
    summary: 'The certificate lacks the clientAuth usage; strict peers will refuse it when this gateway connects to them.',
    remedy:
      'Public authorities no longer issue clientAuth; where a partner insists (Cisco Expressway, ejabberd before 25.08, strict partners), agree on a private authority.',
    retry: 'never',
  },
  'GH-CERT-NO-SERVER-AUTH': {
    summary: 'The certificate lacks the serverAuth usage; peers that connect to this gateway will refuse it.',
    remedy: 'Have the certificate made anew with serverAuth.',
    retry: 'never',
  },
  'GH-CERT-SIP-DOMAIN-EKU-ONLY': {
    summary: 'The certificate’s only usage is sipDomain (RFC 5924); few peers know it.',
    remedy: 'Have the certificate made anew with serverAuth (and clientAuth where it can be had) beside it.',
    retry: 'never',
  },
  'GH-CERT-EXPIRES-SOON': {
    summary: 'A certificate of the chain expires soon.',
    remedy: 'Renew it now; files are read again without a restart.',
    retry: 'never',
  },
  'GH-CERT-CHAIN-ORDER': {
    summary: 'The certificates of the file are not in order (each one followed by its issuer).',
    remedy: 'Reorder the file: the gateway’s certificate first, then each issuer in turn.',
    retry: 'never',
  },
  'GH-CERT-CHAIN-EXTRA': {
    summary: 'The file holds a certificate that is not part of the chain.',
    remedy: 'Remove it from the file.',
    retry: 'never',
  },
  'GH-CERT-CHAIN-ROOT': {
    summary: 'The file holds the root; peers have it already and ignore it.',
    remedy: 'Remove the root from the file to make handshakes smaller.',
    retry: 'never',
  },
  'GH-CERT-CHAIN-INCOMPLETE': {
    summary: 'The chain ends with an issuer that is not in the file.',
    remedy: 'If that issuer is not a root that peers have, append its certificate.',
    retry: 'never',
  },
  'GH-CERT-KEY-MISMATCH': {
    summary: 'The private key does not belong to the certificate.',
    remedy: 'Provide the key that the certificate request was made with.',
    retry: 'never',
  },
  'GH-CERT-KEY-UNREADABLE': {
    summary: 'The private key file cannot be read as an unencrypted PEM key.',
    remedy: 'Provide a PKCS #8, PKCS #1 or SEC 1 key in PEM without a passphrase.',
    retry: 'never',
  },
  'GH-CERT-NONE': {
    summary: 'The file holds no certificate.',
    remedy: 'Provide a PEM or DER certificate file.',
    retry: 'never',
  },
} as const

export type IdentityCode = keyof typeof identityCodes

/** A code with the facts of this case. */
export interface Refusal {
  readonly code: IdentityCode
  readonly detail: string
}
