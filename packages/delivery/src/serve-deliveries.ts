import type { Bus, BusSubscription } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { type TraceContext, traceOf } from '@gatehouse/telemetry'
import type { Delivery } from './delivery.ts'
import { decodeDelivery, encodeOutcome } from './delivery-message.ts'
import { deliveryCodes } from './errors.ts'
import { failedOutcome } from './outcomes.ts'

export type DeliveryHandler = (delivery: Delivery) => Promise<DeliveryOutcome>

/**
 * Answers for a port. `subject`: `deliverSubject(port)` within the queue `deliver`, or a replica's own.
 * A handler that throws has failed without saying whether the far side has the message: answered so.
 */
export function serveDeliveries(bus: Bus, subject: string, queue: string, handler: DeliveryHandler): Promise<BusSubscription> {
  return bus.serve(subject, queue, async (message) => {
    const delivery = decodeDelivery(message.data)
    if (delivery === undefined) return encodeOutcome(failedOutcome(deliveryCodes, 'GH-DELIVERY-MALFORMED'))
    try {
      return encodeOutcome(await handler(withTrace(delivery, traceOf(message.headers))))
    } catch (thrown) {
      return encodeOutcome(failedOutcome(deliveryCodes, 'GH-DELIVERY-FAULT', messageOf(thrown), { isCertain: false }))
    }
  })
}

function withTrace(delivery: Delivery, trace: TraceContext | undefined): Delivery {
  return trace === undefined ? delivery : { ...delivery, trace }
}
