import type { EvidenceClass, Mark } from '@gatehouse/im-model'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import { isAtLeast } from './bind-network.ts'

/** Rule 7. The peer's verification level and its own word make the mark (lcs-edge §9.3, architecture §6). */
export const verification: Rule = {
  name: 'verification',
  apply: (context) => {
    const { input, relation } = context
    if (input.side === 'internal') {
      // our own servers authenticate their users before they send
      setMark(context, 'verified', 'V3')
      if (context.isExplaining) context.detail = 'sent by an inside server'
      return undefined
    }
    if (input.bridge !== undefined) {
      useEvidence(context, input.bridge.evidence)
      return undefined
    }
    const refusal = relation?.verification === 'useSourceVerification' ? useSource(context) : useLevel(context)
    if (refusal === undefined && context.isExplaining) {
      context.source = relation?.source
      context.detail = `${context.mark} (${context.evidence}): ${relation?.verification ?? 'no level'}, the peer said ${input.assertedMark ?? 'nothing'}`
    }
    return refusal
  },
}

/** The network's own evidence, as far as the level lets it count: V2 or better is verified (architecture §6). */
function useEvidence(context: RuleContext, evidence: EvidenceClass): void {
  const level = context.relation?.verification
  const isVerified = level === 'alwaysVerifiable' || (level === 'useSourceVerification' && isAtLeast(evidence, 'V2'))
  setMark(context, isVerified ? 'verified' : 'unverified', evidence)
  if (!context.isExplaining) return
  context.source = context.relation?.source
  context.detail = `${context.mark}: ${level ?? 'no level'}, the network's evidence is ${evidence}`
}

function useSource(context: RuleContext): PolicyCode | undefined {
  const { assertedMark, isInDialog } = context.input
  if (assertedMark === 'verified') setMark(context, 'verified', 'V3')
  else if (assertedMark === 'unverified') setMark(context, 'unverified', 'V1')
  else if (context.snapshot.settings.rejectsMissingMark && !isInDialog) {
    return context.deny('GH-POLICY-MARK-MISSING', `Peer ${context.partner}.`, context.snapshot.settings.source)
  } else setMark(context, 'unverified', 'V0')
  return undefined
}

function useLevel(context: RuleContext): undefined {
  const { assertedMark } = context.input
  // lcs-edge §7.3: through a clearinghouse the mark is the lower of its level and what the origin's edge asserted
  const isLowered = context.peerClass === 'clearinghouse' && assertedMark === 'unverified'
  if (context.relation?.verification === 'alwaysVerifiable' && !isLowered) setMark(context, 'verified', 'V2')
  else setMark(context, 'unverified', assertedMark === undefined ? 'V0' : 'V1')
}

function setMark(context: RuleContext, mark: Mark, evidence: EvidenceClass): void {
  context.mark = mark
  context.evidence = evidence
}
