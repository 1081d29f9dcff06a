import { type Bus, type BusReply, deliverSubject } from '@gatehouse/bus'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { traceHeaders } from '@gatehouse/telemetry'
import { type Delivery, portOf } from './delivery.ts'
import { decodeOutcome, encodeDelivery } from './delivery-message.ts'
import { deliveryCodes } from './errors.ts'
import { failedOutcome } from './outcomes.ts'

/** Hands deliveries to the services that own their destinations. */
export class DeliveryClient {
  readonly #bus: Bus

  constructor(bus: Bus) {
    this.#bus = bus
  }

  /** `onOutcome` is called exactly once, never synchronously. Nothing is tried again. */
  deliver(delivery: Delivery, onOutcome: (outcome: DeliveryOutcome) => void): void {
    this.deliverTo(deliverSubject(portOf(delivery.destination)), delivery, onOutcome)
  }

  /** The same to one certain replica, by its own subject. */
  deliverTo(subject: string, delivery: Delivery, onOutcome: (outcome: DeliveryOutcome) => void): void {
    this.#bus.request(
      subject,
      encodeDelivery(delivery),
      delivery.timeoutMs,
      (reply) => onOutcome(outcomeOf(reply)),
      traceHeaders(delivery.trace),
    )
  }
}

function outcomeOf(reply: BusReply): DeliveryOutcome {
  if (reply.ok) return decodeOutcome(reply.data) ?? failedOutcome(deliveryCodes, 'GH-DELIVERY-MALFORMED', '', { isCertain: false })
  switch (reply.why) {
    case 'no-responder':
      return failedOutcome(deliveryCodes, 'GH-DELIVERY-NOBODY', reply.detail)
    case 'timeout':
      return failedOutcome(deliveryCodes, 'GH-DELIVERY-TIMEOUT', reply.detail, { isCertain: false })
    case 'closed':
      return failedOutcome(deliveryCodes, 'GH-DELIVERY-BUS', reply.detail, { isCertain: false })
    case 'refused':
      return failedOutcome(deliveryCodes, 'GH-DELIVERY-BUS', reply.detail)
  }
}
