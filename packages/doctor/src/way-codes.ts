import type { DoctorCodeTable } from './doctor-code.ts'

/** Findings on the way to the partner: DNS, TCP, TLS. */
export const wayCodes = {
  'GH-DOCTOR-SRV-NONE': {
    summary: 'The domain has no SRV record for federation.',
    remedy: 'The partner publishes _sipfederationtls._tcp.<domain>; or configure their edge by name (Partner, `edge`).',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-DISABLED': {
    summary: 'The SRV record says that there is no such service (target ".").',
    remedy: 'The partner replaces the target "." by the host name of their edge.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-FAILED': {
    summary: 'The name server answers with an error.',
    remedy: 'The partner looks at their zone (DNSSEC faults show like this); if other domains fail too, look at `dns.servers` here.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-SRV-TIMEOUT': {
    summary: 'The name server does not answer in time.',
    remedy: 'Look at `dns.servers` here and at the firewall for port 53; if only this domain is silent, the partner looks at its servers.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-SRV-UNUSABLE': {
    summary: 'The SRV records name no usable host and port.',
    remedy: 'The partner corrects host and port of the record, for example: 10 10 5061 sip.<domain>.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-ADDRESS': {
    summary: 'The SRV record names an IP address where a host name has to stand (RFC 2782).',
    remedy: 'The partner gives the edge a name with an A record, and puts that name into the SRV record.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-OUTSIDE': {
    summary: 'The SRV record leads to a host that does not lie directly in the domain, so the gate does not follow it.',
    remedy: 'The partner names a host directly in the domain (sip.<domain>); or configure their edge by name (Partner, `edge`).',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-SOME-OUTSIDE': {
    summary: 'Some SRV targets do not lie directly in the domain and are never used.',
    remedy: 'The partner removes them or names hosts directly in the domain.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-PLAIN-PORT': {
    summary: 'The SRV record names port 5060, which is SIP without TLS.',
    remedy: 'The partner puts the TLS port of their edge into the record, as a rule 5061.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-SRV-DIFFERS': {
    summary: 'The policy names another edge than the SRV record of the domain.',
    remedy: 'If the partner moved, change `edge` of the Partner here, or leave it out to follow the record.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-ADDRESS-NONE': {
    summary: 'No host of the partner’s edge has an address.',
    remedy: 'The partner publishes an A or AAAA record for the host.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ADDRESS-FAILED': {
    summary: 'The address of the edge could not be looked up.',
    remedy: 'The partner looks at the zone of the host; if other names fail too, look at `dns.servers` here.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-ADDRESS-SOME-NONE': {
    summary: 'Some hosts of the partner’s edge have no address.',
    remedy: 'The partner publishes the missing A or AAAA records, or removes the SRV records that name them.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ADDRESS-ALIAS': {
    summary: 'The SRV target is an alias (CNAME), which RFC 2782 forbids; some servers refuse it.',
    remedy: 'The partner gives the host its own A record, or names the real host in the SRV record.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TCP-REFUSED': {
    summary: 'Nothing listens on the port.',
    remedy: 'The partner starts their edge, or corrects the port in the SRV record.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TCP-TIMEOUT': {
    summary: 'The port does not answer: as a rule a firewall drops the packets.',
    remedy: 'Check that our firewall lets the gate out to that port; then the partner checks that theirs lets our address in.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-TCP-UNREACHABLE': {
    summary: 'There is no way to the address.',
    remedy: 'Check our routing (for IPv6: whether the gate has any); then the partner checks the address in DNS.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-TCP-SOME-DEAD': {
    summary: 'Some of the partner’s addresses do not answer; messages wait while the gate tries them.',
    remedy: 'The partner starts those hosts or takes them out of DNS.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-PLAIN-SIP': {
    summary: 'The port speaks SIP without TLS.',
    remedy: 'The partner puts the TLS port of their edge into the SRV record (as a rule 5061), or switches TLS on.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-HTTP': {
    summary: 'The port speaks HTTP, not SIP over TLS.',
    remedy: 'The partner corrects host or port in the SRV record, or the port forwarding in front of the edge.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-NOT-TLS': {
    summary: 'What listens on the port does not speak TLS.',
    remedy: 'The partner corrects host or port in the SRV record, or the port forwarding in front of the edge.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-TIMEOUT': {
    summary: 'The port takes the connection and then says nothing: no TLS handshake.',
    remedy: 'The partner looks whether the edge behind the port runs; a load balancer or firewall in front answers for it.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-VERSION': {
    summary: 'The partner’s edge speaks older TLS only; the gate asks for 1.2 or newer.',
    remedy: 'The partner switches TLS 1.2 or 1.3 on.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-CIPHERS': {
    summary: 'Both sides share no cipher suite or signature algorithm.',
    remedy: 'The partner allows ECDHE with AES-GCM; suites with RSA key exchange, RC4 or 3DES are not offered by the gate.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-CLOSED': {
    summary: 'The connection is closed during the TLS handshake.',
    remedy: 'The partner looks at the log of their edge: it may admit certain addresses or server names only, or refuse our certificate.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-TLS-FAILED': {
    summary: 'The TLS handshake fails.',
    remedy: 'Read the detail; the partner’s log says the same from their side.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-TLS-OWN-CERTIFICATE': {
    summary: 'The partner’s edge refuses our certificate.',
    remedy:
      'Send the partner the authority of our external certificate; check it with `gatehouse cert check` (expiry, whole chain, clientAuth where they insist).',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-TLS-CLOSED-AFTER': {
    summary: 'The connection is closed right after the TLS handshake.',
    remedy:
      'Most servers do this to a client certificate that they do not trust: send the partner the authority of our external certificate.',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-TLS-NOT-MUTUAL': {
    summary: 'The partner’s edge does not ask for our certificate, so it cannot know who we are.',
    remedy: 'The partner demands client certificates on the federation port (mutual TLS).',
    retry: 'later',
    side: 'theirs',
  },
} as const

wayCodes satisfies DoctorCodeTable
