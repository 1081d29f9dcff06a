import type { CodeTable } from '@gatehouse/errors'

/** Outcomes and states of the XMPP connector. */
export const xmppCodes = {
  'GH-XMPP-ADDRESS': {
    summary: 'The address cannot be written as an XMPP address.',
    remedy: 'Correct the address; RFC 7622 says which characters it may have.',
    retry: 'never',
    sip: 484,
  },
  'GH-XMPP-NO-SERVER': {
    summary: 'DNS names no XMPP server for the domain.',
    remedy: 'Correct the domain; or its owner has to publish _xmpp-server._tcp.',
    retry: 'later',
    sip: 404,
  },
  'GH-XMPP-DNS': {
    summary: 'DNS gave no answer about the XMPP server of the domain.',
    remedy: 'Look at the name servers in the configuration; a failure is never taken for "there is none".',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-CONNECT': {
    summary: 'No connection with the XMPP server of the domain could be opened.',
    remedy: 'Ask its administrator; the detail says what was tried last.',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-AWAY': {
    summary: 'The XMPP server of the domain could not be reached a moment ago, and it is too early to try again.',
    remedy: 'Nothing to do: it is tried again by itself.',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-UNCERTIFIED': {
    summary: 'The certificate of the XMPP server does not speak for its domain.',
    remedy: 'Its administrator has to repair the certificate, or add its authority to the trust stores; or set outgoing to `dialback`.',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-REFUSED': {
    summary: 'The XMPP server of the domain does not take us for our domain.',
    remedy:
      'Our certificate needs the domain as a DNS name, and _xmpp-server._tcp of our domain has to lead to the gate; the detail has its words.',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-STREAM': {
    summary: 'The stream with the XMPP server ended before it said that it has the message.',
    remedy: 'The message may have arrived: ask the recipient before sending it again.',
    retry: 'never',
    sip: 504,
  },
  'GH-XMPP-BOUNCED': {
    summary: 'The XMPP server of the recipient refused the message.',
    remedy: 'The detail has its reason.',
    retry: 'never',
    sip: 480,
  },
  'GH-XMPP-QUEUE-FULL': {
    summary: 'Too many messages wait for the XMPP server of the domain.',
    remedy: 'It reads too slowly or is just being connected: try again.',
    retry: 'later',
    sip: 503,
  },
  'GH-XMPP-TOO-LATE': {
    summary: 'No connection with the XMPP server of the domain in time.',
    remedy: 'Nothing was sent: try again.',
    retry: 'later',
    sip: 504,
  },
  'GH-XMPP-STOPPED': {
    summary: 'The XMPP connector is shutting down.',
    remedy: 'Another replica takes over.',
    retry: 'elsewhere',
    sip: 503,
  },
  'GH-XMPP-COMPONENT': {
    summary: 'The home server does not take us as its component.',
    remedy: 'Compare domain and secret with the component section of its configuration.',
    retry: 'later',
    sip: 503,
  },
  'GH-XMPP-SECRET': {
    summary: 'The file with the secret of a component cannot be read.',
    remedy: 'Correct `secretFile`, or let the bridge read it.',
    retry: 'later',
    sip: 503,
  },
} as const

xmppCodes satisfies CodeTable

export type XmppCode = keyof typeof xmppCodes
