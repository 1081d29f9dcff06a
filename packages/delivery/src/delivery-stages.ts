import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { Span, SpanFacts } from '@gatehouse/telemetry'

// Subjects name no person and no domain, but may name a replica: a span's name has the pattern only (OpenTelemetry, messaging spans).
const SYSTEM = { 'messaging.system': 'gatehouse_bus', 'messaging.operation.type': 'send' } as const

/** Name, kind and facts of the span for handing a delivery to the service that owns its port. */
export function deliveryStage(port: string): [name: string, kind: 'producer', facts: SpanFacts] {
  const destination = `gh.v1.deliver.${port}`
  return [`send ${destination}`, 'producer', { ...SYSTEM, 'messaging.destination.name': destination }]
}

/** The same for taking one. */
export function takingStage(port: string): [name: string, kind: 'consumer', facts: SpanFacts] {
  const destination = `gh.v1.deliver.${port}`
  const facts = { ...SYSTEM, 'messaging.operation.type': 'process', 'messaging.destination.name': destination }
  return [`process ${destination}`, 'consumer', facts]
}

/** The outcome, as it was, once the span tells of it. */
export function endTaking(span: Span, outcome: DeliveryOutcome): DeliveryOutcome {
  const { status, code, sipStatus, isCertain } = outcome
  span.set({
    'gatehouse.delivery.status': status,
    'gatehouse.code': code === '' ? undefined : code,
    'gatehouse.delivery.is_certain': isCertain,
    'sip.response.status_code': sipStatus === 0 ? undefined : sipStatus,
  })
  // A person who is not there is an answer; whatever else keeps a message from arriving is a failure.
  if (status === 'failed' && (sipStatus === 0 || sipStatus >= 500 || !isCertain)) span.fail(code === '' ? 'failed' : code)
  span.end()
  return outcome
}
