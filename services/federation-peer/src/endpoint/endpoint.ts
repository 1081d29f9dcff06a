import type { TimerWheel } from '@gatehouse/bus'
import { type Delivery, failedOutcome } from '@gatehouse/delivery'
import { peerCodes } from '../errors.ts'
import { isBySip, type LinkDestination } from '../route/link-targets.ts'
import { type GivenUpDeps, tellGivenUp } from './given-up.ts'
import type { ImSessions } from './im-sessions.ts'
import type { OnOutcome } from './outcome-of-answer.ts'
import type { SiblingDeliveries } from './sibling-deliveries.ts'
import type { DialogRecord, SiblingDialogs } from './sibling-dialogs.ts'
import type { SipReceiver } from './sip-receiver.ts'
import type { SipSender } from './sip-sender.ts'

export interface EndpointDeps {
  readonly sender: SipSender
  readonly deliveries: SiblingDeliveries
  readonly siblings: SiblingDialogs
  readonly onTaken: (record: DialogRecord) => void
  readonly receiver: SipReceiver
  readonly sessions: ImSessions
  readonly wheel: TimerWheel
  readonly notices: Omit<GivenUpDeps, 'send'>
  /** Ends the back-off of the links to it. */
  readonly forgive: (destination: LinkDestination) => void
}

/** The user agent of the gate: where one of the two ends is not SIP (architecture §3). */
export class Endpoint {
  readonly #deps: EndpointDeps

  constructor(deps: EndpointDeps) {
    this.#deps = deps
  }

  /** Takes what the gate admitted for people who are not reached by SIP. */
  get receiver(): SipReceiver {
    return this.#deps.receiver
  }

  /** Sessions that are open in this replica. */
  openSessions(): number {
    return this.#deps.sessions.size
  }

  /** Tells the other replicas that we are there, and hears what they have. */
  start(): void {
    this.#deps.siblings.start(this.#deps.onTaken)
  }

  /** A word of another replica, from the bus. */
  hear(data: Uint8Array): void {
    this.#deps.siblings.handle(data)
  }

  stop(): void {
    this.#deps.wheel.stop()
  }

  /**
   * Sends an envelope that was decided on and is on record to the inside or to a partner, as a SIP request of our own. For deliveries from
   * the bus and for what waited in the outbox. `onOutcome` is called exactly once, when the final answer is there or none will come.
   */
  deliver(delivery: Delivery, onOutcome: OnOutcome): void {
    const { destination } = delivery
    if (!isBySip(destination)) {
      return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', 'Its destination does not speak SIP.'))
    }
    // an outbox waits between its attempts by itself
    if (delivery.waited === true) this.#deps.forgive(destination)
    const { content } = delivery.envelope
    if (content.kind !== 'receipt' || content.acceptedAtMs === undefined) return this.#deps.deliveries.deliver(delivery, onOutcome)
    const send: GivenUpDeps['send'] = (word, onDone) => this.#deps.deliveries.deliver(word, onDone)
    tellGivenUp(delivery, content, { ...this.#deps.notices, send }, onOutcome)
  }
}
