import { type SetTimer, TimerWheel } from '@gatehouse/bus'
import type { Delivery } from '@gatehouse/delivery'
import type { SipRequest, TransactionLayer } from '@gatehouse/sip-core'
import type { LinkDestination, LinkTargets } from '../route/link-targets.ts'
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
  const sessions = new ImSessions({
    wheel,
    nowMs,
    idleMs: parts.idleMs,
    maxSessions: parts.maxSessions,
    onIdle: (session) => sender.end(session),
  })
  const opener = new SessionOpener({ agent, sessions, contacts, own, wheel, newTag })
  const answers = new OutsideAnswers(own, newTag)
  const handOver = new HandOver(deliver, newId)
  const shared = { agent, handOver, answers, contacts, own, wheel, newTag, nowMs }
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
  return new Endpoint({ sender, receiver, sessions, wheel })
}

const MICROSOFT: NextHopHabits = { imMode: 'session', hasImdn: false }
const STANDARD: NextHopHabits = { imMode: 'page', hasImdn: true }

function habitsOf(destination: LinkDestination, inside: NextHopHabits): NextHopHabits {
  if (destination.to === 'inside') return inside
  return destination.dialect === 'microsoft' ? MICROSOFT : STANDARD
}
