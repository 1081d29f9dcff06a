/** One line of the bus's address book; `docs/reference/subjects.md` is generated from it. */
export interface SubjectEntry {
  readonly name: string
  readonly kind: 'request' | 'publish' | 'bucket' | 'stream'
  /** Service that answers, publishes or writes. */
  readonly owner: string
  /** Queue group of the servers, for requests. */
  readonly queue?: string
  /** Protobuf message that is sent, and the one answered. */
  readonly payload: string
  readonly answer?: string
  readonly use: string
}

/** Every subject and bucket. `<…>` stands for one word that is filled in. */
export const busSubjects = {
  archiveAppend: {
    name: 'gh.v1.archive.append',
    kind: 'request',
    owner: 'archive',
    queue: 'archive',
    payload: 'AppendRequest',
    answer: 'AppendReply',
    use: 'A batch of archive records; answered after the commit.',
  },
  deliver: {
    name: 'gh.v1.deliver.<port>',
    kind: 'request',
    owner: 'the service of the port',
    queue: 'deliver',
    payload: 'DeliverRequest',
    answer: 'DeliverReply',
    use: 'An envelope for the service that owns the destination (sip, xmpp, irc).',
  },
  factsChanged: {
    name: 'gh.v1.facts.changed',
    kind: 'publish',
    owner: 'policy',
    payload: 'JSON {"users"}',
    use: 'Drops cached users by address key; `*` drops all.',
  },
  factsGet: {
    name: 'gh.v1.facts.get',
    kind: 'request',
    owner: 'policy',
    queue: 'policy',
    payload: 'GetFactsRequest',
    answer: 'GetFactsResponse',
    use: 'Facts about internal users, on first need.',
  },
  factsNote: {
    name: 'gh.v1.facts.note',
    kind: 'request',
    owner: 'policy',
    queue: 'policy',
    payload: 'NoteFactsRequest',
    answer: 'NoteFactsResponse',
    use: 'Whom users wrote to (learned contacts), and first contacts that were held.',
  },
  deliverAt: {
    name: 'gh.v1.deliver.<port>.at.<replica>',
    kind: 'request',
    owner: 'one replica of the service of the port',
    queue: 'deliver',
    payload: 'DeliverRequest',
    answer: 'DeliverReply',
    use: 'The same for the replica that owns the account or the far domain; asked by a replica of the same service.',
  },
  bridgeTold: {
    name: 'gh.v1.bridge.told.<network>',
    kind: 'publish',
    owner: 'public-im-bridge',
    payload: 'JSON: replica, text',
    use: 'What a network of servers brought to one replica and another one may wait for: answers to queries, and refusals without their text. May be lost.',
  },
  bridgeBucket: {
    name: 'gh-v1-bridge',
    kind: 'bucket',
    owner: 'public-im-bridge',
    payload: 'JSON; secrets sealed',
    use: 'Linked accounts (`account.<id>`) and what connectors keep (`store.…`, `secret.…`).',
  },
  leasesBucket: {
    name: 'gh-v1-leases',
    kind: 'bucket',
    owner: 'public-im-bridge, policy',
    payload: 'JSON',
    use: 'Which replicas live (`member.<replica>`, written again every second) and which of them holds an account (`claim.<id>`); which policy service acts on the cluster (`acting.policy-kubernetes`).',
  },
  networksBucket: {
    name: 'gh-v1-networks',
    kind: 'bucket',
    owner: 'public-im-bridge',
    payload: 'NetworkState, AccountState',
    use: 'State of each network by replica, and of each linked account.',
  },
  seenBucket: {
    name: 'gh-v1-seen',
    kind: 'bucket',
    owner: 'public-im-bridge',
    payload: 'pages of digests with times',
    use: 'Which events of networks were dealt with, in pages that each replica writes over (`<replica>.<page>`): what one answered for, none takes in again.',
  },
  sipDialogs: {
    name: 'gh.v1.sip.dialogs',
    kind: 'publish',
    owner: 'federation-peer',
    payload: 'JSON: replica, pair, dialog',
    use: 'Which replica has which session or subscription with a SIP user; the others keep it, ask that replica, and go on with it when it is gone.',
  },
  peeringAsk: {
    name: 'gh.v1.peering.ask',
    kind: 'publish',
    owner: 'federation-peer',
    payload: 'PeeringAsk',
    use: 'One replica of the edge asks the others for somebody who called it: whom they have links with, a diagnosis from their place, the SIP messages of a peer.',
  },
  peeringTell: {
    name: 'gh.v1.peering.tell.<replica>',
    kind: 'publish',
    owner: 'federation-peer',
    payload: 'PeeringTell',
    use: 'What they answer to the replica that asked. Addresses of people are in it: nobody else may listen.',
  },
  events: {
    name: 'gh.v1.events.<topic>',
    kind: 'publish',
    owner: 'every service',
    payload: 'DecisionEvent, EventsWanted, PeeringEvent',
    use: 'Topic `decisions`: what is decided, told while somebody says on topic `wanted` that he watches. Topic `peering`: somebody began or ended to look at the SIP messages of a peer. Never a source of truth.',
  },
  policyBucket: {
    name: 'gh-v1-policy',
    kind: 'bucket',
    owner: 'policy',
    payload: 'SignedSnapshot',
    use: 'Key `snapshot`: the compiled policy that data-plane services decide with.',
  },
  peersBucket: {
    name: 'gh-v1-peers',
    kind: 'bucket',
    owner: 'federation-peer',
    payload: 'PeerState',
    use: 'State of each peer by replica.',
  },
  outboxStream: {
    name: 'OUTBOX',
    kind: 'stream',
    owner: 'the service of the port',
    payload: 'OutboxItem',
    use: 'Messages accepted for a destination that is away: subjects `gh.v1.outbox.<port>.<lane>.<key>`, the last two hashed.',
  },
  outboxBucket: {
    name: 'gh-v1-outbox',
    kind: 'bucket',
    owner: 'the service of the port',
    payload: 'JSON',
    use: 'Per destination: which replica works on it, and what was tried.',
  },
  replicasBucket: {
    name: 'gh-v1-replicas',
    kind: 'bucket',
    owner: 'every service',
    payload: 'ReplicaStatus',
    use: 'Which replica runs with which policy revision.',
  },
} as const

const EVENTS_PREFIX = 'gh.v1.events.'
const DELIVER_PREFIX = 'gh.v1.deliver.'
const PEERING_TELL_PREFIX = 'gh.v1.peering.tell.'

/** Subject of events on one topic, such as `decisions`. */
export function eventSubject(topic: string): string {
  return EVENTS_PREFIX + topic
}

/** What the replicas of the bridge that run a network tell each other. */
export function bridgeToldSubject(network: string): string {
  return `gh.v1.bridge.told.${network}`
}

/** Pattern that matches every event. */
export const allEvents: string = `${EVENTS_PREFIX}>`

/** Subject of the service that owns a kind of destination, such as `xmpp`. */
export function deliverSubject(port: string): string {
  return DELIVER_PREFIX + port
}

/** The same at one certain replica of that service. */
export function deliverAtSubject(port: string, replica: string): string {
  return `${DELIVER_PREFIX}${port}.at.${wordOf(replica)}`
}

/** Subject on which one replica of the edge hears what it asked for. */
export function peeringTellSubject(replica: string): string {
  return PEERING_TELL_PREFIX + wordOf(replica)
}

function wordOf(replica: string): string {
  return replica.replace(/[^A-Za-z0-9_-]/g, '_')
}

/** The table as rows, for documents and checks. */
export function subjectEntries(): readonly SubjectEntry[] {
  return Object.values(busSubjects)
}
