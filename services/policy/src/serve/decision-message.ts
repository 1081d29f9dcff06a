import { create } from '@bufbuild/protobuf'
import type { Decision } from '@gatehouse/im-model'
import { type Decision as DecisionMessage, DecisionSchema } from '@gatehouse/proto'

/** A decision in the form that travels (envelope.proto). */
export function decisionMessage(decision: Decision): DecisionMessage {
  const { verdict, code, reason, rule, mark, evidence, nameMatch, destination } = decision
  return create(DecisionSchema, {
    verdict,
    code,
    reason,
    rule,
    mark,
    evidence,
    nameMatch,
    destination: destination === undefined ? '' : destination.to === 'inside' ? 'inside' : destination.partner,
    proof: decision.proof.map((step) => ({ rule: step.rule, code: step.code, detail: step.detail ?? '', source: step.source ?? '' })),
    revision: BigInt(decision.revision),
  })
}
