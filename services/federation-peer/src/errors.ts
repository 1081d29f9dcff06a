import type { CodeTable } from '@gatehouse/errors'

/** What federation-peer itself answers, beyond what identity, policy, edge and SIP codes say. */
export const peerCodes = {
  'GH-PEER-UNAUTHENTICATED': {
    summary: 'The connection has no certificate that leads to a trusted root.',
    remedy: 'See the identity code logged for this connection; `gatehouse cert check` explains a certificate.',
    retry: 'never',
    sip: 403,
    diagnostics: 1010,
  },
  'GH-PEER-OTHER-EDGE': {
    summary: 'The certificate leads only to a trust store that does not count on this edge.',
    remedy: 'See `use` of the stores in federationPeer.trust: an authority of your own servers does not vouch for partners.',
    retry: 'never',
    sip: 403,
    diagnostics: 1010,
  },
  'GH-PEER-NOT-INSIDE': {
    summary: 'A server that is not listed as an inside server connected to the internal edge.',
    remedy: 'Add its certificate name to federationPeer.internalEdge.servers, or find out who it is.',
    retry: 'never',
    sip: 403,
    diagnostics: 1015,
  },
  'GH-PEER-NO-ADDRESS': {
    summary: 'From or the destination is not a SIP address with a domain.',
    remedy: 'Federation needs sip:user@domain on both sides.',
    retry: 'never',
    sip: 403,
    diagnostics: 1015,
  },
  'GH-PEER-METHOD-HOP-BY-HOP': {
    summary: 'The method is spoken between neighbours only and this gate does not speak it.',
    remedy: 'None needed: the connection goes on without it.',
    retry: 'never',
    sip: 405,
  },
  'GH-PEER-ROUTE-PRELOADED': {
    summary: 'A peer that is not inside put Route headers on a request that this gate did not hand out.',
    remedy: 'The partner has to send new requests to our edge without a Route header.',
    retry: 'never',
    sip: 403,
    diagnostics: 1015,
  },
  'GH-PEER-ROUTE-INVALID': {
    summary: 'The route token of an in-dialog request is missing or was not made by this gate for this dialog.',
    remedy: 'Start a new dialog; if it happens after a restart, give all replicas the same federationPeer.routing.tokenKeyFile.',
    retry: 'never',
    sip: 481,
    diagnostics: 1004,
  },
  'GH-PEER-NEXT-HOP-AWAY': {
    summary: 'The server the message has to go to next cannot be reached.',
    remedy: 'See `gatehouse peers` for its state and reason.',
    retry: 'later',
    sip: 504,
    diagnostics: 1007,
  },
  'GH-PEER-NO-ANSWER': {
    summary: 'The far side did not answer in time.',
    remedy: 'See `gatehouse peers`; the far side may have the message all the same.',
    retry: 'later',
    // 504, not 408: RFC 4320 §4.2 forbids 408 to anything but INVITE.
    sip: 504,
    diagnostics: 1034,
  },
  'GH-PEER-LINK-LOST': {
    summary: 'The connection was lost before the far side answered.',
    remedy: 'Send again; the far side may have the message all the same.',
    retry: 'later',
    sip: 504,
    diagnostics: 1046,
  },
  'GH-PEER-ARCHIVE-AWAY': {
    summary: 'The archive could not commit the message, and policy says that nothing passes unarchived.',
    remedy: 'See the archive service: `gatehouse archive status` and its log.',
    retry: 'later',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-PEER-NO-POLICY': {
    summary: 'This replica has no policy snapshot in force, or the one it has is too old.',
    remedy: 'Apply a policy with `gatehouse apply -f`, and see that the policy service and the bus are up.',
    retry: 'later',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-PEER-BUSY': {
    summary: 'Too many transactions are open.',
    remedy: 'Send again after the time in Retry-After.',
    retry: 'later',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-PEER-DRAINING': {
    summary: 'This replica is being stopped and takes no new requests.',
    remedy: 'Send again: another replica answers.',
    retry: 'elsewhere',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-PEER-SLOW-SENDER': {
    summary: 'A message was begun but not finished in time.',
    remedy: 'Send whole messages; see federationPeer.limits.messageTimeoutMs.',
    retry: 'later',
    sip: 408,
  },
  'GH-PEER-TOKEN-KEY': {
    summary: 'The key that signs routes cannot be used.',
    remedy: 'federationPeer.routing.tokenKeyFile has to name a readable file of at least 32 random bytes.',
    retry: 'never',
  },
  'GH-PEER-INSPECTION-TLS': {
    summary: 'A certificate for calls to inspectors cannot be read.',
    remedy: 'Correct the files named in federationPeer.inspection.',
    retry: 'never',
  },
  'GH-PEER-MALFORMED-FLOOD': {
    summary: 'The connection sent too many malformed messages and was closed.',
    remedy: 'Look at the peer: what it sends is not SIP.',
    retry: 'never',
    sip: 400,
    diagnostics: 1018,
  },
} as const satisfies CodeTable

export type PeerCode = keyof typeof peerCodes
