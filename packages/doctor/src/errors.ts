import type { CodeEntry } from '@gatehouse/errors'

/** Who has to mend it: the partner, we, or nobody knows yet. */
export type Side = 'theirs' | 'ours' | 'either'

export interface DoctorCodeEntry extends CodeEntry {
  readonly side: Side
}

/** What `gatehouse doctor` finds. The remedy is the fix in words; it speaks to whoever runs the doctor and names the side that has to act. */
export const doctorCodes = {
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
  'GH-DOCTOR-POLICY-NONE': {
    summary: 'No policy is in force here.',
    remedy: 'Apply one: `gatehouse apply -f policy.yaml`; without a policy nothing passes.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-OFF': {
    summary: 'Federation is switched off here.',
    remedy: 'Set `enabled: true` in FederationSettings.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-BLOCKED': {
    summary: 'Our policy blocks the domain.',
    remedy: 'The object is named in the detail; `gatehouse unblock <domain>` lifts a block.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-UNKNOWN': {
    summary: 'Our policy knows no way to the domain: it is neither a partner nor allowed nor found by open federation.',
    remedy: 'Add a Partner or AllowedDomain for it.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-DISABLED': {
    summary: 'The partner is switched off in our policy.',
    remedy: 'Set `enabled: true` in the object named in the detail.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-REFUSED': {
    summary: 'Our policy refuses the test message to the partner.',
    remedy: 'The detail has the rule; `gatehouse explain` shows every rule. `--from` names another sender.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-USER': {
    summary: 'Our policy lets messages to and from the partner pass, but not those of the test’s sender.',
    remedy: 'The detail has the rule; `--from` names a user who has the right.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-INBOUND': {
    summary: 'Our policy lets messages out to the partner, but refuses theirs.',
    remedy: 'The detail has the rule; `gatehouse explain --from user@<domain>` shows every rule.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-OPTIONS-TIMEOUT': {
    summary: 'TLS works, but the partner’s edge does not answer a SIP request.',
    remedy: 'The partner looks whether SIP runs behind that port, and whether the edge can send answers on the connection they came on.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-CLOSED': {
    summary: 'The partner’s edge closes the connection instead of answering a SIP request.',
    remedy: 'The partner looks at the log of their edge: it refuses us as a peer, or cannot read the request.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-GARBAGE': {
    summary: 'What comes back is not SIP.',
    remedy: 'The partner looks what listens on that port.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-HUGE': {
    summary: 'The answer is larger than the gate takes.',
    remedy: 'The partner looks at what their edge puts into answers.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-VIA': {
    summary: 'An answer came whose Via is not ours: the partner’s edge does not route answers by RFC 3261.',
    remedy: 'The partner’s edge returns the Via lines of the request unchanged and in order; a proxy removes only its own.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-FORBIDDEN': {
    summary: 'The partner’s edge refuses us (403).',
    remedy: 'The partner admits our domain and the name in our external certificate.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-NOT-FOUND': {
    summary: 'The partner’s edge does not know the domain, or does not let us see it (404).',
    remedy:
      'If messages arrive all the same, nothing; else the partner configures our domain and theirs on that edge, or corrects the SRV record.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-METHOD': {
    summary: 'The partner’s edge answers, but does not take OPTIONS.',
    remedy: 'Nothing has to be done for messages; letting OPTIONS pass makes faults easier to find.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-LOOP': {
    summary: 'The request runs in circles on the partner’s side (482, 483).',
    remedy: 'The partner looks at the routing of the domain: their edge sends it back to itself.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-AWAY': {
    summary: 'The partner’s edge works, but what stands behind it does not answer.',
    remedy: 'The partner looks at the server behind their edge.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-REFUSED': {
    summary: 'The partner’s edge refuses the request.',
    remedy: 'The detail has the answer; the partner’s log has the reason. Give them the time and the Call-ID.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-CLOSES': {
    summary: 'The partner’s edge closes the connection after each answer; every message then costs a handshake.',
    remedy: 'The partner keeps federation connections open for some minutes.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-NONE': {
    summary: 'The partner offers no echo address; nothing is wrong with that.',
    remedy: 'A partner that runs Gatehouse can switch one on (`echo.enabled`); `--echo` names another address.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-UNSEEN': {
    summary: 'The message was accepted, but its echo was not seen.',
    remedy:
      'An echo comes as a new request to our edge: run the doctor through the running gate, and check that the partner can reach us (our SRV record, firewall, certificate).',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-ECHO-REFUSED': {
    summary: 'The partner refuses messages to the echo address.',
    remedy: 'The partner admits our domain and the sender; the detail has the answer.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-FAILED': {
    summary: 'OPTIONS is answered, but a message is not.',
    remedy: 'The partner looks at the log of their edge for the time of this run.',
    retry: 'later',
    side: 'theirs',
  },
} as const

doctorCodes satisfies Readonly<Record<string, DoctorCodeEntry>>

export type DoctorCode = keyof typeof doctorCodes
