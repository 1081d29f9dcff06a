import type { ReceiveOutcome } from '@gatehouse/bridge-kit'
import { type SpanFacts, StagedSpan, type Tracer } from '@gatehouse/telemetry'
import type { Passage } from './passage.ts'

/** RFC 3261 §21.5: the servers' fault; a person who is not there is an ordinary answer. */
const SERVER_FAILURE = 500

/** An event comes in from a network, or from a program of ours that follows it already. */
export function beginTrace(passage: Passage, tracer: Tracer): void {
  const name = nameOf(passage)
  const span = tracer.resume(passage.event.trace, name, 'server') ?? tracer.begin(name, 'server')
  if (span !== undefined) passage.trace = new StagedSpan(span, 'decide')
}

/** One that failed is told of even when it was not followed, where the operator wants that. */
export function endTrace(passage: Passage, outcome: ReceiveOutcome, startedMs: number, tracer: Tracer): void {
  const { status, sipStatus, code, isCertain } = outcome
  const isFailure = status === 'failed' && (sipStatus >= SERVER_FAILURE || sipStatus === 0 || !isCertain)
  if (passage.trace !== undefined) return passage.trace.end(factsOf(passage, outcome, tracer), isFailure ? code : undefined)
  const late = isFailure ? tracer.beginFailed(nameOf(passage), 'server', startedMs) : undefined
  if (late === undefined) return
  late.set(factsOf(passage, outcome, tracer))
  late.fail(code)
  late.end()
}

function nameOf({ kind, bridge, side }: Passage): string {
  return `${kind} ${bridge.protocol} ${side}`
}

function factsOf(passage: Passage, { status, code, sipStatus }: ReceiveOutcome, tracer: Tracer): SpanFacts {
  const { decision } = passage
  return {
    'network.protocol.name': passage.bridge.protocol,
    'gatehouse.side': passage.side,
    'gatehouse.kind': passage.kind,
    'gatehouse.code': code === '' ? decision?.code : code,
    'gatehouse.delivery.status': status,
    'sip.response.status_code': sipStatus === 0 ? undefined : sipStatus,
    'gatehouse.verdict': decision?.verdict,
    'gatehouse.rule': decision?.rule,
    'gatehouse.mark': decision?.mark,
    'gatehouse.evidence': passage.bridge.evidence,
    'gatehouse.peer_class': decision?.peerClass,
    'gatehouse.partner': decision?.partner,
    'gatehouse.direction': decision?.direction,
    'gatehouse.policy_revision': decision?.revision,
    'gatehouse.from': tracer.address(passage.fromAddress),
    'gatehouse.to': tracer.address(passage.toAddress),
    'gatehouse.conversation': tracer.conversation(passage.conversation),
    'gatehouse.envelope_id': passage.isOnRecord ? Buffer.from(passage.id).toString('hex') : undefined,
  }
}
