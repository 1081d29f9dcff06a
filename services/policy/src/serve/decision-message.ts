import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { Decision, Destination, ProofStep } from '@gatehouse/im-model'
import { type Decision as DecisionMessage, DecisionSchema, type ProofStepSchema } from '@gatehouse/proto'

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
    destination: destinationWord(destination),
    proof: stepMessages(decision.proof),
    revision: BigInt(decision.revision),
    observed: stepMessages(decision.observed ?? []),
  })
}

function stepMessages(steps: readonly ProofStep[]): MessageInitShape<typeof ProofStepSchema>[] {
  return steps.map((step) => ({ rule: step.rule, code: step.code, detail: step.detail ?? '', source: step.source ?? '' }))
}

function destinationWord(destination: Destination | undefined): string {
  if (destination === undefined) return ''
  if (destination.to === 'inside') return 'inside'
  return destination.to === 'network' ? destination.network : destination.partner
}
