import type { CodeEntry } from '@gatehouse/errors'

/** Codes of `sipCodes`. */
export type SipCode =
  | 'GH-SIP-NOT-SIP'
  | 'GH-SIP-LINE-END'
  | 'GH-SIP-START-LINE'
  | 'GH-SIP-VERSION'
  | 'GH-SIP-HEADER-SYNTAX'
  | 'GH-SIP-CONTROL-CHARACTER'
  | 'GH-SIP-HEADER-MISSING'
  | 'GH-SIP-HEADER-REPEATED'
  | 'GH-SIP-CSEQ-MISMATCH'
  | 'GH-SIP-REQUEST-URI'
  | 'GH-SIP-CONTENT-LENGTH'
  | 'GH-SIP-BODY-SIZE'
  | 'GH-SIP-HEAD-SIZE'
  | 'GH-SIP-BACKLOG'
  | 'GH-SIP-TOO-MANY-HOPS'
  | 'GH-SIP-LOOP'
  | 'GH-SIP-EXTENSION'
  | 'GH-SIP-URI-SCHEME'

/** Every code of this package. Codes are never reused for something else. */
export const sipCodes: Readonly<Record<SipCode, CodeEntry>> = {
  'GH-SIP-NOT-SIP': {
    summary: 'The bytes are not SIP.',
    remedy: 'Check that the peer speaks SIP on this port, and TLS only once.',
    retry: 'never',
  },
  'GH-SIP-LINE-END': {
    summary: 'A line of the message head ends in a bare CR or LF.',
    remedy: 'Lines must end in CRLF (RFC 3261 §7); the peer has to correct its sender.',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-START-LINE': {
    summary: 'The start line is not well formed.',
    remedy: 'Check spaces and the Request-URI in the start line (RFC 3261 §7.1, §7.2).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-VERSION': {
    summary: 'The SIP version is not 2.0.',
    remedy: 'Only SIP/2.0 is spoken here (RFC 3261 §7.1).',
    retry: 'never',
    sip: 505,
  },
  'GH-SIP-HEADER-SYNTAX': {
    summary: 'A header line is not well formed.',
    remedy: 'Correct the header named in the detail at the sender.',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-CONTROL-CHARACTER': {
    summary: 'The message head holds a control character outside a quoted escape.',
    remedy: 'Remove NUL and other control characters from the headers (RFC 3261 §25.1).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-HEADER-MISSING': {
    summary: 'A mandatory header is missing.',
    remedy: 'Via, From, To, Call-ID and CSeq are mandatory (RFC 3261 §8.1.1).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-HEADER-REPEATED': {
    summary: 'A header that may stand only once is repeated.',
    remedy: 'Send the header once (RFC 3261 §7.3.1).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-CSEQ-MISMATCH': {
    summary: 'The method of CSeq is not the method of the request.',
    remedy: 'Correct CSeq at the sender (RFC 3261 §8.1.1.5).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-REQUEST-URI': {
    summary: 'The Request-URI is not a well-formed SIP URI.',
    remedy: 'Correct the address at the sender (RFC 3261 §19.1.1).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-CONTENT-LENGTH': {
    summary: 'Content-Length is missing, repeated or not a number, so the end of the message is unknown.',
    remedy: 'Send exactly one decimal Content-Length on stream connections (RFC 3261 §18.3).',
    retry: 'never',
    sip: 400,
  },
  'GH-SIP-BODY-SIZE': {
    summary: 'The announced body is larger than allowed.',
    remedy: 'Send a smaller body, or raise the body limit for this peer.',
    retry: 'never',
    sip: 413,
  },
  'GH-SIP-HEAD-SIZE': {
    summary: 'The message head is larger than allowed or has too many lines.',
    remedy: 'Send fewer and shorter headers (RFC 3261 §21.5.7).',
    retry: 'never',
    sip: 513,
  },
  'GH-SIP-BACKLOG': {
    summary: 'More data was handed to the framer although complete messages had not been taken.',
    remedy: 'Take every frame before handing over more data.',
    retry: 'never',
  },
  'GH-SIP-TOO-MANY-HOPS': {
    summary: 'The request may not go any further: Max-Forwards is 0.',
    remedy: 'Look for a routing loop between the servers it passed, or raise Max-Forwards at the sender.',
    retry: 'never',
    sip: 483,
  },
  'GH-SIP-LOOP': {
    summary: 'The request came back unchanged after this gateway had sent it on.',
    remedy: 'Check the routes of both sides for a domain that each sends to the other.',
    retry: 'never',
    sip: 482,
  },
  'GH-SIP-EXTENSION': {
    summary: 'The request demands a proxy extension that this gateway does not have.',
    remedy: 'Send it without the option tags listed in Unsupported.',
    retry: 'never',
    sip: 420,
  },
  'GH-SIP-URI-SCHEME': {
    summary: 'The request goes to a URI that is neither sip nor sips.',
    remedy: 'Send it to a SIP address, or through a server that translates the scheme.',
    retry: 'never',
    sip: 416,
  },
}
