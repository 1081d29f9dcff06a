import type { CodeTable } from '@gatehouse/errors'

/** Why the edge refused, closed or could not open a connection. */
export const edgeCodes = {
  'GH-EDGE-CONFIG': {
    summary: 'A setting of a listener is not usable.',
    remedy: 'Correct the setting named in the detail.',
    retry: 'never',
  },
  'GH-EDGE-LISTEN': {
    summary: 'The listener cannot take its address and port.',
    remedy: 'Free the port or choose another one; ports below 1024 need a privilege.',
    retry: 'later',
  },
  'GH-EDGE-TOO-MANY-CONNECTIONS': {
    summary: 'The listener already has as many connections as it may.',
    remedy: 'Raise limits.maxConnections or add a replica.',
    retry: 'later',
  },
  'GH-EDGE-TOO-MANY-FROM-ADDRESS': {
    summary: 'This address (IPv6: its /64) already has as many connections as it may.',
    remedy: 'Raise limits.maxConnectionsPerAddress if several partners share the address; behind a load balancer use the PROXY protocol.',
    retry: 'later',
  },
  'GH-EDGE-CONNECT-RATE': {
    summary: 'This address connects more often than it may.',
    remedy: 'Find out why its connections do not last; raise limits.connectPerSecondPerAddress only if it is wanted.',
    retry: 'later',
  },
  'GH-EDGE-TOO-MANY-HANDSHAKES': {
    summary: 'As many TLS handshakes as allowed are under way already.',
    remedy: 'Usually a flood or a mass reconnect that ends by itself; raise limits.maxPendingHandshakes if CPU is to spare.',
    retry: 'later',
  },
  'GH-EDGE-HANDSHAKE-TIMEOUT': {
    summary: 'The TLS handshake was not finished in time.',
    remedy: 'A scanner or a broken path; nothing to do unless a partner is behind the address.',
    retry: 'later',
  },
  'GH-EDGE-HANDSHAKE-FAILED': {
    summary: 'The TLS handshake failed.',
    remedy: 'TLS 1.2 or 1.3 with a modern cipher suite is needed. Ask the partner to look at its side; the detail names what was seen.',
    retry: 'later',
  },
  'GH-EDGE-PROXY-REFUSED': {
    summary: 'A PROXY protocol header came from an address that may not send one.',
    remedy: 'List the load balancer in proxyProtocolFrom, or stop it from sending the header.',
    retry: 'never',
  },
  'GH-EDGE-PROXY-INVALID': {
    summary: 'An address that has to send a PROXY protocol v2 header sent something else.',
    remedy: 'Switch version 2 (binary) on in the load balancer.',
    retry: 'never',
  },
  'GH-EDGE-PROXY-TIMEOUT': {
    summary: 'The PROXY protocol header did not come in time.',
    remedy: 'Switch version 2 on in the load balancer, or take the address out of proxyProtocolFrom.',
    retry: 'later',
  },
  'GH-EDGE-PEER-CLOSED': { summary: 'The peer closed the connection.', remedy: 'Nothing to do.', retry: 'later' },
  'GH-EDGE-PEER-RESET': {
    summary: 'The connection broke.',
    remedy: 'A network fault or a crashed peer. Ask the partner to look at its side; the detail names what was seen.',
    retry: 'later',
  },
  'GH-EDGE-TLS-ERROR': {
    summary: 'The peer broke the TLS protocol.',
    remedy: 'Ask the partner to look at its side; the detail names what was seen.',
    retry: 'later',
  },
  'GH-EDGE-FIRST-DATA-TIMEOUT': {
    summary: 'The peer connected and never sent anything.',
    remedy: 'A scanner or a monitor; nothing to do.',
    retry: 'later',
  },
  'GH-EDGE-IDLE': { summary: 'Nothing passed for the idle time, so the connection was closed.', remedy: 'Nothing to do.', retry: 'later' },
  'GH-EDGE-MAX-AGE': {
    summary: 'The link reached its greatest age and was replaced.',
    remedy: 'Nothing to do.',
    retry: 'later',
  },
  'GH-EDGE-WRITE-STALLED': {
    summary: 'The peer did not read for too long.',
    remedy: 'Its server hangs or the path is dead. Ask the partner to look at its side; the detail names what was seen.',
    retry: 'elsewhere',
  },
  'GH-EDGE-WRITE-OVERFLOW': {
    summary: 'More was waiting for the peer to read than may be kept.',
    remedy: 'Its server is too slow for what it is sent. Ask the partner to look at its side; the detail names what was seen.',
    retry: 'elsewhere',
  },
  'GH-EDGE-PING-LOST': {
    summary: 'The peer no longer answers keep-alives that it used to answer.',
    remedy: 'Nothing to do: a new link is opened on demand.',
    retry: 'elsewhere',
  },
  'GH-EDGE-NO-LONGER-TRUSTED': {
    summary: 'After a change of CAs or CRLs the certificate of this connection is no longer accepted.',
    remedy: 'If that was not meant, look at the CA and CRL files; the detail has the reason.',
    retry: 'never',
  },
  'GH-EDGE-DRAINING': { summary: 'This replica is shutting down.', remedy: 'Another replica takes over.', retry: 'elsewhere' },
  'GH-EDGE-CLOSED-BY-OPERATOR': { summary: 'An operator closed the connection.', remedy: 'Nothing to do.', retry: 'later' },
  'GH-EDGE-LINK-DNS': {
    summary: 'The name server gave no answer about the partner.',
    remedy: 'Look at the name servers in the configuration and at the partner domain.',
    retry: 'later',
    sip: 504,
  },
  'GH-EDGE-LINK-NO-RECORD': {
    summary: 'DNS has no federation edge for the domain.',
    remedy: 'The partner has to publish _sipfederationtls._tcp, or its edge has to be configured by name.',
    retry: 'later',
    sip: 504,
    diagnostics: 1008,
  },
  'GH-EDGE-LINK-DOMAIN-RULE': {
    summary: 'DNS names an edge outside the domain itself.',
    remedy: 'Configure the edge by name (direct partner) if the host is right.',
    retry: 'later',
    sip: 504,
    diagnostics: 1009,
  },
  'GH-EDGE-LINK-CONNECT': {
    summary: 'No TCP connection to the partner could be opened.',
    remedy: 'Look at firewalls on both sides and at the port (5061).',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-HANDSHAKE': {
    summary: 'The TLS handshake with the partner failed.',
    remedy:
      'Its server may not know our CA or want another TLS version. Ask the partner to look at its side; the detail names what was seen.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-REJECTED': {
    summary: 'The partner closed the link right after the handshake.',
    remedy: 'It probably refuses our certificate or our domain. Ask the partner what its log says.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-UNTRUSTED': {
    summary: "The partner's certificate is not valid for us.",
    remedy: 'The detail has the reason; add the right CA to a trust store only if it is really the one of the partner.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-TRUST-STORE': {
    summary: "The partner's certificate chains to a trust store that is not the one configured for it.",
    remedy: 'Name the right trust store in the partner entry.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-NAME': {
    summary: "The partner's certificate does not carry the name that it has to.",
    remedy: 'Correct the edge name in the partner entry, or the partner has to correct its certificate.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-PIN': {
    summary: "The key of the partner's certificate is not one of the pinned ones.",
    remedy: 'Ask the partner, over another channel, whether it changed its key; then add the new pin.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-WAIT': {
    summary: 'No link to the partner came up in time.',
    remedy: 'See `gatehouse peers` for what the dialler is doing.',
    retry: 'later',
    sip: 504,
    diagnostics: 1010,
  },
  'GH-EDGE-LINK-QUEUE-FULL': {
    summary: 'Too many requests already wait for a link to the partner.',
    remedy: 'The partner is down or too slow; see `gatehouse peers`.',
    retry: 'later',
    sip: 503,
  },
  'GH-EDGE-LINK-SATURATED': {
    summary: 'Every link to the partner has more to send than it may keep.',
    remedy: 'The partner reads too slowly; allow it more links.',
    retry: 'later',
    sip: 503,
  },
  'GH-EDGE-CERT-UNREADABLE': {
    summary: 'A certificate, key, CA or CRL file cannot be read or parsed; what was in force stays in force.',
    remedy: 'Correct the file named in the detail.',
    retry: 'later',
  },
  'GH-EDGE-CERT-KEY-MISMATCH': {
    summary: 'The private key does not belong to the certificate; what was in force stays in force.',
    remedy: 'Install key and certificate together.',
    retry: 'later',
  },
  'GH-EDGE-CERT-EXPIRED': {
    summary: 'The certificate has expired; what was in force stays in force.',
    remedy: 'Install a valid certificate.',
    retry: 'later',
  },
} as const

edgeCodes satisfies CodeTable

export type EdgeCode = keyof typeof edgeCodes
