import { type Bus, busSubjects, deliverAtSubject, deliverSubject } from '@gatehouse/bus'
import { type DeliveryHandler, serveDeliveries } from '@gatehouse/delivery'
import type { Endpoint } from './endpoint.ts'

const QUEUE = 'deliver'

/** Answers for SIP on the bus, as one of several replicas and by this one's own name, and hears the others. Gives what stops it. */
export async function serveEndpoint(bus: Bus, replica: string, endpoint: Endpoint): Promise<() => Promise<void>> {
  const handle: DeliveryHandler = (delivery) => new Promise((resolve) => endpoint.deliver(delivery, resolve))
  const words = await bus.subscribe(busSubjects.sipDialogs.name, (message) => endpoint.hear(message.data))
  const own = await serveDeliveries(bus, deliverAtSubject('sip', replica), QUEUE, handle)
  const shared = await serveDeliveries(bus, deliverSubject('sip'), QUEUE, handle)
  endpoint.start()
  return async () => {
    await Promise.all([shared.stop(), own.stop(), words.stop()])
  }
}
