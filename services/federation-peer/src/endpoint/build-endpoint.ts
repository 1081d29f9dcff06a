import { type SetTimer, TimerWheel } from '@gatehouse/bus'
import type { Delivery } from '@gatehouse/delivery'
import type { SipRequest, TransactionLayer } from '@gatehouse/sip-core'
import type { NoticeTexts } from '../outbox/notice-texts.ts'
import { isBySip, type LinkDestination, type LinkTargets } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { RouteToken } from '../route/route-token.ts'
import { Endpoint } from './endpoint.ts'
import { HandOver } from './hand-over.ts'
import { ImSessions } from './im-sessions.ts'
import type { OnOutcome } from './outcome-of-answer.ts'
import { OutsideAnswers } from './outside-answers.ts'
import { OwnContacts } from './own-contact.ts'
import { SipWatchers } from './presence/sip-watchers.ts'
import { WatchedUsers } from './presence/watched-users.ts'
import { SessionOpener } from './session-opener.ts'
import { SiblingDeliveries } from './sibling-deliveries.ts'
import { type DialogRecord, SiblingDialogs } from './sibling-dialogs.ts'
import { SipReceiver } from './sip-receiver.ts'
import { type NextHopHabits, SipSender } from './sip-sender.ts'
import { type AgentLinks, UserAgent } from './user-agent.ts'

export interface EndpointParts {
  readonly layer: () => TransactionLayer
  readonly links: AgentLinks
  readonly targets: LinkTargets
  readonly own: OwnNames
  readonly branchPrefix: string
  readonly sendAck: (link: number, ack: SipRequest) => void
  /** What the inside next hop makes of messages; partners go by their dialect. */
  readonly inside: NextHopHabits
  readonly token: RouteToken
  /** A session that nobody uses for so long is ended. */
  readonly idleMs: number
  readonly maxSessions: number
  /** Subscriptions to presence, each way. */
  readonly maxSubscriptions: number
  /** Hands an envelope to the service that owns its destination. */
  readonly deliver: (delivery: Delivery, onOutcome: OnOutcome) => void
  /** Ids of envelopes without a record. */
  readonly newId: (nowMs: number) => Uint8Array
  readonly replica: string
  /** A word to the other replicas. */
  readonly publish: (data: Uint8Array) => void
  /** Hands a delivery to one of them. */
  readonly deliverAt: (replica: string, delivery: Delivery, onOutcome: OnOutcome) => void
  /** Words to senders of messages that were given up. */
  readonly texts: NoticeTexts
  /** Our name towards the inside. */
  readonly insideName: string
  /** By key of the link pool: ends the back-off of its links. */
  readonly forgive: (key: string) => void
  readonly newTag: () => string
  readonly nowMs: () => number
  readonly setTimer: SetTimer
}

/** Puts the endpoint together. */
export function buildEndpoint(parts: EndpointParts): Endpoint {
  const { own, newTag, nowMs, newId, deliver } = parts
  const wheel = new TimerWheel(nowMs, parts.setTimer)
  const agent = new UserAgent(parts)
  const contacts = new OwnContacts(own, parts.token)
  const siblings = new SiblingDialogs({
    replica: parts.replica,
    publish: parts.publish,
    nowMs,
    maxRecords: parts.maxSessions + 2 * parts.maxSubscriptions,
  })
  const sessions = new ImSessions({
    wheel,
    siblings,
    nowMs,
    idleMs: parts.idleMs,
    maxSessions: parts.maxSessions,
    onIdle: (session) => sender.end(session),
  })
  const opener = new SessionOpener({ agent, sessions, contacts, own, wheel, newTag })
  const answers = new OutsideAnswers(own, newTag)
  const handOver = new HandOver({ deliver, newId, nowMs })
  const shared = { agent, handOver, answers, contacts, own, wheel, siblings, newTag, nowMs }
  const watchers = new SipWatchers({ ...shared, maxWatchers: parts.maxSubscriptions })
  const watched = new WatchedUsers({ ...shared, maxWatched: parts.maxSubscriptions })
  const sender = new SipSender({
    agent,
    sessions,
    opener,
    watchers,
    watched,
    own,
    newTag,
    nowMs,
    habitsOf: (destination) => habitsOf(destination, parts.inside),
  })
  const receiver = new SipReceiver({ handOver, sessions, contacts, own, watchers, watched, answers })
  const deliveries = new SiblingDeliveries({
    replica: parts.replica,
    dialogs: siblings,
    deliverAt: parts.deliverAt,
    hasSession: (delivery) => opener.isOpening(delivery) || sessions.has(delivery.envelope.from, delivery.envelope.to),
    adopt: (records) => {
      for (const record of records) {
        if (record.kind === 'session') sessions.restore(record)
        else if (record.kind === 'watcher') watchers.restore(record)
      }
    },
    deliverHere: (delivery, onOutcome) => {
      if (isBySip(delivery.destination)) sender.send(delivery, delivery.destination, onOutcome)
    },
  })
  const onTaken = (record: DialogRecord): void => {
    sessions.lose(record)
    watchers.lose(record)
  }
  const { texts, insideName, targets, forgive } = parts
  return new Endpoint({
    sender,
    deliveries,
    siblings,
    onTaken,
    receiver,
    sessions,
    wheel,
    notices: { texts, insideName },
    forgive: (destination) => forgive(targets.of(destination).key),
  })
}

const MICROSOFT: NextHopHabits = { imMode: 'session', hasImdn: false }
const STANDARD: NextHopHabits = { imMode: 'page', hasImdn: true }

function habitsOf(destination: LinkDestination, inside: NextHopHabits): NextHopHabits {
  if (destination.to === 'inside') return inside
  return destination.dialect === 'microsoft' ? MICROSOFT : STANDARD
}
