import type { DoctorCodeTable } from './doctor-code.ts'

/** Findings about the certificate that the partner presents. */
export const certificateCodes = {
  'GH-DOCTOR-CHAIN-SELF-SIGNED': {
    summary: 'The certificate is signed by itself and stands in none of our trust stores.',
    remedy: 'The partner gets a certificate from an authority; or, if you agreed on this one, add it to a trust store of its own.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-CHAIN-INCOMPLETE': {
    summary: 'The partner does not send the intermediate certificates.',
    remedy: 'The partner installs the whole chain: the certificate, then its intermediates. The gate does not fetch them.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-CHAIN-UNTRUSTED': {
    summary: 'The certificate comes from an authority that is in none of our trust stores.',
    remedy:
      'If this authority is the right one, add its root under `trust` here and name it in the Partner; else the partner mends theirs.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-CHAIN-STORE': {
    summary: 'The certificate is good, but by an authority that our policy does not accept for this partner.',
    remedy: 'Change `trust` of the Partner here if the partner changed their authority; else ask them.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-CHAIN-WEAK': {
    summary: 'A key or signature in the chain is too weak.',
    remedy: 'The partner gets a certificate with RSA of 2048 bits or more or P-256, signed with SHA-256 or better.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-CHAIN-BAD': {
    summary: 'The chain breaks a rule of X.509.',
    remedy: 'The detail has the rule; the partner has the certificate made anew.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-NAME-MISMATCH': {
    summary: 'The certificate names neither the domain nor the host that we connect to.',
    remedy: 'The partner gets a certificate with DNS:<SRV target> or URI:sip:<domain> as subject alternative name.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-NAME-WILDCARD': {
    summary: 'Only a wildcard would fit, and wildcards do not count in SIP federation (RFC 5922 §7.2).',
    remedy: 'The partner gets a certificate that spells the host or domain out.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-NAME-COMMON-NAME-ONLY': {
    summary: 'The certificate has its name in the common name only; many servers ignore that.',
    remedy: 'The partner has the certificate made anew with subject alternative names.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-NAME-PIN': {
    summary: 'The key of the certificate is none of those that our policy pins.',
    remedy: 'Ask the partner, by another way, whether they changed the key; then change `pins` of the Partner here.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-USAGE-WRONG': {
    summary: 'The certificate is made for something else than TLS (extended key usage).',
    remedy: 'The partner gets a certificate with serverAuth; clientAuth is not needed.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-USAGE-NO-SERVER': {
    summary: 'The certificate lacks serverAuth. The gate takes it; other servers refuse it.',
    remedy: 'The partner has the certificate made anew with serverAuth.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-VALIDITY-EXPIRED': {
    summary: 'A certificate of the partner has expired.',
    remedy: 'The partner renews it. If it looks valid to them, compare the clocks.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-VALIDITY-CLOCK': {
    summary: 'A certificate of the partner becomes valid within a day: one of the clocks is wrong, or it is brand-new.',
    remedy: 'Compare the time here (`date -u`) with the partner’s; then wait for the start of its validity.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-VALIDITY-NOT-YET': {
    summary: 'A certificate of the partner is not valid yet.',
    remedy: 'The partner installs the certificate that is valid now.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-VALIDITY-SOON': {
    summary: 'A certificate of the partner expires soon.',
    remedy: 'Remind the partner to renew it.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-REVOKED': {
    summary: 'A certificate of the partner is revoked.',
    remedy: 'The partner gets a new certificate; ask them whether the key was stolen before you federate again.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-REVOCATION-UNKNOWN': {
    summary: 'Revocation lists are required here, and there is no usable one of the partner’s authority.',
    remedy: 'Fetch the current list of that authority into `crlFiles`, or set `revocation: whenPresent`.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-REVOCATION-STALE': {
    summary: 'Our revocation list of the partner’s authority is out of date, so a new revocation would go unnoticed.',
    remedy: 'Fetch the current list into `crlFiles`; look at the job that does this.',
    retry: 'later',
    side: 'ours',
  },
} as const

certificateCodes satisfies DoctorCodeTable
