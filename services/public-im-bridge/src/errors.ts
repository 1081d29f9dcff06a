import type { CodeTable } from '@gatehouse/errors'

/** What public-im-bridge itself can answer or report; connectors bring tables of their own. */
export const bridgeCodes = {
  'GH-BRIDGE-NO-POLICY': {
    summary: 'No policy is in force here, or the last one is too old to go by.',
    remedy: 'See whether the policy service and the bus are up; `gatehouse policy status` lists the replicas.',
    retry: 'later',
    sip: 503,
  },
  'GH-BRIDGE-ARCHIVE-AWAY': {
    summary: 'The message could not be put on record, and policy demands it.',
    remedy: 'See `gatehouse archive status`; senders are told to try later.',
    retry: 'later',
    sip: 503,
  },
  'GH-BRIDGE-BUSY': {
    summary: 'More messages of this network or conversation are under way than may be.',
    remedy: 'None if it passes; otherwise see `gatehouse networks` for a connector that answers slowly.',
    retry: 'later',
    sip: 503,
  },
  'GH-BRIDGE-LOOP': {
    summary: 'The same message came again and again: two programs answer each other, or a relay sends back what it got.',
    remedy: 'Find the automatic reply or relay at either address and switch it off.',
    retry: 'never',
    sip: 482,
  },
  'GH-BRIDGE-MALFORMED': {
    summary: 'A connector handed over an event that breaks its contract.',
    remedy: 'Report it as a bug of the connector; the log names it.',
    retry: 'never',
    sip: 400,
  },
  'GH-BRIDGE-TOO-LONG': {
    summary: 'The text is longer than may pass.',
    remedy: 'Send it in parts; `limits.maxTextBytes` and the network’s own limit count.',
    retry: 'never',
    sip: 413,
  },
  'GH-BRIDGE-UNSUPPORTED': {
    summary: 'The network cannot carry this kind of message.',
    remedy: 'None; `gatehouse networks` shows what each network carries.',
    retry: 'never',
    sip: 488,
  },
  'GH-BRIDGE-NO-NETWORK': {
    summary: 'No connector that runs here reaches the destination.',
    remedy: 'Configure the network under `publicImBridge.networks`, or see `gatehouse networks` for why it did not start.',
    retry: 'later',
    sip: 503,
  },
  'GH-BRIDGE-NO-ACCOUNT': {
    summary: 'The sender has no account on this network.',
    remedy: 'Link one: `gatehouse link add`.',
    retry: 'never',
    sip: 403,
  },
  'GH-BRIDGE-ACCOUNT-MOVING': {
    summary: 'The sender’s account on the network is just changing from one replica of the bridge to another.',
    remedy: 'Try again. When it lasts, see `gatehouse link list` for the account’s state and `gatehouse networks` for the replicas.',
    retry: 'later',
    sip: 504,
  },
  'GH-BRIDGE-ACCOUNT-AWAY': {
    summary: 'The sender’s account on the network is not connected.',
    remedy: 'See `gatehouse link list` for its state; where it says `refused`, link it again.',
    retry: 'later',
    sip: 504,
  },
  'GH-BRIDGE-STOPPED': {
    summary: 'The network is being stopped.',
    remedy: 'None: another replica takes over.',
    retry: 'elsewhere',
    sip: 503,
  },
  'GH-BRIDGE-CONNECTOR-FAILED': {
    summary: 'The connector failed while it delivered; the far side may have the message all the same.',
    remedy: 'Its log has the reason; report it as a bug of the connector.',
    retry: 'never',
    sip: 500,
  },
  'GH-BRIDGE-CONNECTOR-SILENT': {
    summary: 'The connector did not answer in time; the far side may have the message all the same.',
    remedy: 'See the state of the network in `gatehouse networks`.',
    retry: 'never',
    sip: 408,
  },
  'GH-BRIDGE-START-FAILED': {
    summary: 'A connector could not be started; it is tried again.',
    remedy: 'The detail says what it lacks: a port that is taken, a file, an address.',
    retry: 'later',
  },
  'GH-BRIDGE-CONNECT-FAILED': {
    summary: 'No connection to the host came about.',
    remedy: 'See whether host, port and firewall are right.',
    retry: 'later',
  },
  'GH-BRIDGE-TLS-FAILED': {
    summary: 'TLS with the host did not come about.',
    remedy: 'See what protocol versions and certificates it has.',
    retry: 'later',
  },
  'GH-BRIDGE-CERTIFICATE': {
    summary: 'The bridge’s own certificate or a trust store cannot be used.',
    remedy: 'Check the files named with `gatehouse cert check`.',
    retry: 'never',
  },
  'GH-BRIDGE-SEAL': {
    summary: 'What was sealed cannot be opened with the key that is configured.',
    remedy: 'Configure the `publicImBridge.sealKeyFile` that it was sealed with, or link the account again.',
    retry: 'never',
  },
  'GH-BRIDGE-ACCOUNT-EXISTS': {
    summary: 'The user has an account on this network already, or the account belongs to somebody else.',
    remedy: 'Remove the link first: `gatehouse link remove`.',
    retry: 'never',
  },
  'GH-BRIDGE-ACCOUNT-UNKNOWN': {
    summary: 'There is no such linked account.',
    remedy: 'See `gatehouse link list`.',
    retry: 'never',
  },
  'GH-BRIDGE-QUESTION': {
    summary: 'The request to the bridge is not complete or not possible.',
    remedy: 'The detail says which part.',
    retry: 'never',
  },
} as const satisfies CodeTable

export type BridgeCode = keyof typeof bridgeCodes
