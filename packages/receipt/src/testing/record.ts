import { createHash } from 'node:crypto'
import { type FactsSeenFields, RecordEncoder, type SrvSeenFields } from '@gatehouse/archive-client'
import type { Decision } from '@gatehouse/im-model'
import { type DecisionInput, type DecisionState, decide, type Snapshot, userKey } from '@gatehouse/policy-engine'

/** A message that was judged, and its record as the gate would have written it. */
export interface Judged {
  readonly input: DecisionInput
  readonly decision: Decision
  readonly record: Uint8Array
}

const encoder = new RecordEncoder()
let messages = 0

/** Judges and records like the gate. Undefined: a rule asked for an answer of DNS that the input does not have. */
export function judgeAndRecord(snapshot: Snapshot, input: DecisionInput, state: DecisionState, text?: string): Judged | undefined {
  const usedSrv: SrvSeenFields[] = []
  const srv: DecisionInput['srv'] = (domain) => {
    const evidence = input.srv(domain)
    if (evidence !== undefined && !usedSrv.some((seen) => seen.domain === domain)) usedSrv.push({ domain, evidence })
    return evidence
  }
  const usedFacts: FactsSeenFields[] = []
  const facts: DecisionInput['facts'] = (user) => {
    const found = input.facts?.(user)
    const sender = userKey(input.fromUser, input.fromDomain)
    const counterpart = sender === user ? userKey(input.toUser, input.toDomain) : sender
    if (found !== undefined && !usedFacts.some((seen) => seen.user === user)) usedFacts.push({ user, facts: found, counterpart })
    return found
  }
  const decision = decide(snapshot, { ...input, srv, facts }, state)
  if ('need' in decision) return undefined
  const id = Buffer.alloc(16)
  id.writeUInt32BE(++messages, 12)
  const body = text === undefined ? bodyOf(input) : Buffer.from(text)
  const record = encoder.entry(
    {
      id,
      idempotencyKey: createHash('sha256').update(id).digest(),
      receivedAtUs: input.nowMs * 1000,
      kind: input.kind,
      method: input.method,
      fromAddress: `${input.fromUser}@${input.fromDomain}`,
      toAddress: `${input.toUser}@${input.toDomain}`,
      conversation: `call-${messages}@${input.fromDomain}`,
      direction: decision.direction,
      replica: 'gate-0',
      peer: {
        peerClass: input.bound?.peerClass ?? decision.peerClass,
        partner: decision.partner,
        fingerprint: input.peer.fingerprint,
        remote: '192.0.2.7',
      },
      transaction: `call-${messages} z9hG4bK776asdhds 1 ${input.method}`,
      contentType: 'text/plain; charset=utf-8',
      body,
      bodyBytes: body.length,
    },
    decision,
    { ...input, usedSrv, usedFacts },
  )
  return { input, decision, record }
}

/** What the archive keeps: the body, of an INVITE the first message that its header carries. */
function bodyOf({ content }: DecisionInput): Uint8Array {
  const carried = content?.()
  const [inHeader] = carried?.textFormat ?? []
  if (inHeader !== undefined) return Buffer.from(inHeader.slice(inHeader.indexOf('ms-body=') + 'ms-body='.length), 'base64')
  return carried?.body ?? Buffer.from('hello')
}
