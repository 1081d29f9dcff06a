import { type Bus, busSubjects, deliverAtSubject, deliverSubject } from '@gatehouse/bus'
import { type DeliveryHandler, endTaking, serveDeliveries, takingStage } from '@gatehouse/delivery'
import type { Tracer } from '@gatehouse/telemetry'
import type { Endpoint } from './endpoint.ts'

const QUEUE = 'deliver'

/** Answers for SIP on the bus, as one of several replicas and by this one's own name, and hears the others. Gives what stops it. */
export async function serveEndpoint(bus: Bus, replica: string, endpoint: Endpoint, tracer: Tracer): Promise<() => Promise<void>> {
  const handle: DeliveryHandler = (delivery) =>
    new Promise((resolve) => {
      const span = tracer.resume(delivery.trace, ...takingStage('sip'))
      if (span === undefined) endpoint.deliver(delivery, resolve)
      else endpoint.deliver({ ...delivery, trace: span.context }, (outcome) => resolve(endTaking(span, outcome)))
    })
  const words = await bus.subscribe(busSubjects.sipDialogs.name, (message) => endpoint.hear(message.data))
  const own = await serveDeliveries(bus, deliverAtSubject('sip', replica), QUEUE, handle)
  const shared = await serveDeliveries(bus, deliverSubject('sip'), QUEUE, handle)
  endpoint.start()
  return async () => {
    await Promise.all([shared.stop(), own.stop(), words.stop()])
  }
}
