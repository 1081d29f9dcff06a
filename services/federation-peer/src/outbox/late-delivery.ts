import type { Delivery } from '@gatehouse/delivery'
import type { Decision, Destination } from '@gatehouse/im-model'
import type { OutboxItem } from '@gatehouse/outbox'
import { envelopeOf, markOf } from '../endpoint/envelope-of.ts'
import { readContent } from '../endpoint/read-content.ts'
import type { Passage } from '../session/passage.ts'
import type { WaitingRequest } from './waiting-message.ts'

/** How long one attempt may take. */
const ATTEMPT_MS = 30_000
const ID_BYTES = 16

export interface LateParts {
  readonly waiting: WaitingRequest
  /** Of the request that waited, decided on again. */
  readonly passage: Passage
  readonly destination: Destination
  readonly item: OutboxItem
  readonly nowMs: number
}

/** A request that waited, as the service takes it that owns the destination. Undefined: it says nothing that others could be given. */
export function lateDelivery({ waiting, passage, destination, item, nowMs }: LateParts): Delivery | undefined {
  const decision = passage.decision as Decision
  const content = readContent(passage.request, decision.rewrite)
  if (typeof content === 'string') return undefined
  // the same with each attempt: who has it already can tell
  const id = waiting.envelopeId ?? Buffer.from(item.id, 'hex').subarray(0, ID_BYTES)
  const { queue, ...mark } = markOf(decision)
  // Our users' messages may go on waiting there, behind others of the same two people, but not for longer than they may here.
  const isKeptThere = decision.direction !== 'inbound' && queue !== undefined
  const left = isKeptThere ? { queue: { ...queue, maxAgeMs: Math.max(1, item.expiresAtMs - nowMs) } } : {}
  return {
    envelope: { ...envelopeOf(passage, content, id), receivedAtMs: item.acceptedAtMs },
    destination,
    decision: { ...mark, ...left, isOnRecord: waiting.envelopeId !== undefined },
    timeoutMs: ATTEMPT_MS,
    forwardedBy: '',
    ...(isKeptThere ? {} : { waited: true }),
    ...(waiting.trace === undefined ? {} : { trace: waiting.trace }),
  }
}
