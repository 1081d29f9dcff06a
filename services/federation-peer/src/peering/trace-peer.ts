import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Bus, eventSubject } from '@gatehouse/bus'
import { errorsOf } from '@gatehouse/errors'
import { PeeringEventSchema, type TracePeerRequest, type TracePeerResponseSchema } from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'
import type { EdgeLog } from '../edge/connection.ts'
import { peerCodes } from '../errors.ts'
import { SipTrace, type SipTraces, type TracedMessage } from './sip-traces.ts'

export interface TracePeerDeps {
  readonly traces: SipTraces
  readonly bus: Pick<Bus, 'publish'>
  readonly log: EdgeLog
  readonly replica: string
  readonly nowMs: () => number
  /** Calls once; the result cancels. */
  readonly after: (delayMs: number, run: () => void) => () => void
}

type Answer = MessageInitShape<typeof TracePeerResponseSchema>

/** Somebody who looks at everything looks at nobody, and each costs while it is open. */
const MOST_AT_ONCE = 4
const LONGEST_S = 3_600
const MOST_MESSAGES = 10_000
const TOPIC = 'peering'
const errors = errorsOf(peerCodes)

/** Shows the SIP messages of one peer to a caller for a while. Who does that, and when it ends, is logged and told on the bus. */
export async function* tracePeer(
  request: TracePeerRequest,
  { caller, signal }: Pick<RpcContext, 'caller' | 'signal'>,
  deps: TracePeerDeps,
): AsyncGenerator<Answer> {
  const trace = new SipTrace(wishOf(request, deps))
  const { partner, untilMs } = trace.wish
  deps.traces.add(trace)
  const cancel = deps.after(untilMs - deps.nowMs(), () => trace.end())
  const onAbort = (): void => trace.end()
  signal.addEventListener('abort', onAbort)
  deps.log.warn({ partner, caller, seconds: request.seconds, maxMessages: trace.wish.maxMessages }, 'a SIP trace was switched on')
  tell(deps, 'trace-on', trace, caller)
  try {
    yield { untilUs: usOf(untilMs), replica: deps.replica }
    while (!signal.aborted && !trace.isDone) {
      const next = trace.next()
      if (next === undefined) await trace.somethingNew()
      else yield { message: messageOf(next.message, deps.replica), missed: BigInt(next.missed), untilUs: usOf(untilMs) }
    }
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
    deps.traces.remove(trace)
    deps.log.warn({ partner, caller, messages: trace.seen }, 'a SIP trace was switched off')
    tell(deps, 'trace-off', trace, caller)
  }
}

function wishOf({ partner, seconds, maxMessages }: TracePeerRequest, { traces, nowMs }: TracePeerDeps): SipTrace['wish'] {
  if (partner === '' || partner.length > 253) throw errors('GH-PEER-TRACE-REQUEST', 'partner is empty or too long.')
  if (seconds < 1 || seconds > LONGEST_S) throw errors('GH-PEER-TRACE-REQUEST', `seconds is from 1 to ${LONGEST_S}.`)
  if (maxMessages < 1 || maxMessages > MOST_MESSAGES) throw errors('GH-PEER-TRACE-REQUEST', `max_messages is from 1 to ${MOST_MESSAGES}.`)
  if (traces.count >= MOST_AT_ONCE) throw errors('GH-PEER-TRACE-MANY')
  return { partner: partner.toLowerCase(), untilMs: nowMs() + seconds * 1_000, maxMessages }
}

function tell({ bus, replica, nowMs }: TracePeerDeps, what: string, { wish, seen }: SipTrace, caller: string): void {
  const event = create(PeeringEventSchema, {
    atUs: usOf(nowMs()),
    replica,
    what,
    partner: wish.partner,
    caller,
    untilUs: usOf(wish.untilMs),
    messages: BigInt(seen),
  })
  bus.publish(eventSubject(TOPIC), toBinary(PeeringEventSchema, event))
}

function messageOf({ atMs, headers, bodyBytes, ...message }: TracedMessage, replica: string): Answer['message'] {
  return { ...message, atUs: usOf(atMs), replica, headers: headers.map((header) => ({ ...header })), bodyBytes: BigInt(bodyBytes) }
}

function usOf(ms: number): bigint {
  return BigInt(Math.trunc(ms * 1_000))
}
