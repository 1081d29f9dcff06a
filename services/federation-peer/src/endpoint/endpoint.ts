import { type Delivery, failedOutcome } from '@gatehouse/delivery'
import { peerCodes } from '../errors.ts'
import type { OnOutcome, SipSender } from './sip-sender.ts'

export interface EndpointDeps {
  readonly sender: SipSender
}

/** The user agent of the gate: where one of the two ends is not SIP (architecture §3). */
export class Endpoint {
  readonly #deps: EndpointDeps

  constructor(deps: EndpointDeps) {
    this.#deps = deps
  }

  /**
   * Sends an envelope that was decided on and is on record to the inside or to a partner, as a SIP request of our own. For deliveries from
   * the bus and for what waited in the outbox. `onOutcome` is called exactly once, when the final answer is there or none will come.
   */
  deliver(delivery: Delivery, onOutcome: OnOutcome): void {
    const { destination } = delivery
    if (destination.to === 'network' || (destination.to === 'inside' && destination.port === 'xmpp')) {
      return onOutcome(failedOutcome(peerCodes, 'GH-PEER-SIP-NOTHING', 'Its destination does not speak SIP.'))
    }
    this.#deps.sender.send(delivery, destination, onOutcome)
  }
}
