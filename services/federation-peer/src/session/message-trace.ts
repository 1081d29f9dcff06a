import type { Decision } from '@gatehouse/im-model'
import type { TraceExchange } from '@gatehouse/policy-engine'
import type { SipRequest } from '@gatehouse/sip-core'
import { formatTraceparent, type LateFacts, parseTraceparent, type SpanFacts, StagedSpan, type Tracer } from '@gatehouse/telemetry'
import { ALLOWED_METHODS } from '../admit/checks.ts'
import type { LinkDestination } from '../route/link-targets.ts'
import type { Passage, Stage } from './passage.ts'

/** Methods that may stand in a span's name; a peer can invent others without end. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(ALLOWED_METHODS.split(', '))
/** What a stage is called in traces, where it has one name only; the others are named where they are entered. */
const STAGE_NAMES: Partial<Readonly<Record<Stage, string>>> = { inspect: 'inspect', route: 'route', wait: 'outbox.put' }
/** RFC 3261 §21.5 and §21.4.9: a failure of servers, ours or theirs; other refusals are ordinary answers. */
const SERVER_FAILURE = 500
const TIMEOUT = 408

/** The stage of a message that is followed has changed. */
export function enterStage(trace: StagedSpan, stage: Stage): void {
  const name = STAGE_NAMES[stage]
  if (name === undefined) trace.leave()
  else trace.next(name)
}

/** Undefined: this message is not followed. Nothing that a peer sends has a say in that. */
export function beginTrace(passage: Passage, tracer: Tracer): StagedSpan | undefined {
  const span = tracer.begin(nameOf(passage), 'server')
  return span === undefined ? undefined : new StagedSpan(span, 'decide')
}

/** The partner's own trace is a neighbour of ours where policy says so, never its parent. */
export function noteDecision(passage: Passage, decision: Decision, exchange: TraceExchange): void {
  const trace = passage.trace as StagedSpan
  trace.stage.set(() => decisionFacts(decision))
  if (passage.side !== 'external' || (exchange !== 'accept' && exchange !== 'both')) return
  const theirs = parseTraceparent(passage.request.headers.first('traceparent'))
  if (theirs !== undefined) trace.span.link(theirs, { 'gatehouse.partner': decision.partner })
}

/** The hand-over stage, and our context for a partner that policy says may know it. */
export function tellNextHop(passage: Passage, request: SipRequest, destination: LinkDestination, exchange: TraceExchange): void {
  const side = destination.to === 'inside' ? 'internal' : 'external'
  const span = (passage.trace as StagedSpan).next(`${methodOf(passage)} ${side}`, 'client', {
    ...SIP,
    'sip.request.method': passage.method,
    'server.address': passage.link?.isDialed === true ? passage.link.remote.address : undefined,
  })
  if (destination.to === 'peer' && (exchange === 'send' || exchange === 'both')) {
    request.headers.set('Traceparent', formatTraceparent(span.context))
  }
}

/** Whether servers failed, ours or theirs; a refusal is an answer. */
export function isServerFailure(status: number): boolean {
  return status >= SERVER_FAILURE || status === TIMEOUT
}

/** The message has its final answer. One that failed is told of even when it was not followed, where the operator wants that. */
export function endTrace(passage: Passage, status: number, code: string, nowMs: number, tracer: Tracer): void {
  const isFailure = isServerFailure(status)
  // What the far side answered has no code of ours; its status says what went wrong.
  const failure = code === passage.decision?.code ? String(status) : code
  const late = passage.trace === undefined && isFailure ? tracer.beginFailed(nameOf(passage), 'server', passage.nowMs) : undefined
  if (passage.trace !== undefined) passage.trace.end(messageFacts(passage, status, code, tracer), isFailure ? failure : undefined)
  if (late === undefined) return
  late.set(messageFacts(passage, status, code, tracer))
  late.fail(failure)
  late.end(nowMs)
}

// The names of OpenSIPS's draft for SIP spans, less those that hold the message or its addresses.
const SIP = { 'network.protocol.name': 'sip', 'network.transport': 'tcp' } as const

/** Only what they need is held until then: not the message with its body. */
function messageFacts(passage: Passage, status: number, code: string, tracer: Tracer): LateFacts {
  const { decision, side, envelopeId, method, kind, fromUser, fromDomain, toUser, toDomain, callId } = passage
  const { address } = passage.connection.remote
  return () => ({
    ...SIP,
    ...(decision === undefined ? {} : decisionFacts(decision)),
    'network.peer.address': side === 'external' ? address : undefined,
    'sip.request.method': method,
    'sip.response.status_code': status,
    'gatehouse.side': side,
    'gatehouse.kind': kind,
    'gatehouse.code': code,
    'gatehouse.from': tracer.address(`${fromUser}@${fromDomain}`),
    'gatehouse.to': tracer.address(`${toUser}@${toDomain}`),
    'gatehouse.conversation': tracer.conversation(callId),
    'gatehouse.envelope_id': envelopeId === undefined ? undefined : Buffer.from(envelopeId).toString('hex'),
  })
}

function decisionFacts(decision: Decision): SpanFacts {
  return {
    'gatehouse.verdict': decision.verdict,
    'gatehouse.rule': decision.rule,
    'gatehouse.mark': decision.mark,
    'gatehouse.evidence': decision.evidence,
    'gatehouse.peer_class': decision.peerClass,
    'gatehouse.partner': decision.partner,
    'gatehouse.direction': decision.direction,
    'gatehouse.policy_revision': decision.revision,
  }
}

function nameOf(passage: Passage): string {
  return `${methodOf(passage)} ${passage.side}`
}

function methodOf({ method }: Passage): string {
  return KNOWN_METHODS.has(method) ? method : 'OTHER'
}
