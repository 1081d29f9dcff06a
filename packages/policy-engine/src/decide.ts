import type { CodeEntry } from '@gatehouse/errors'
import type { Decision, ProofStep } from '@gatehouse/im-model'
import { userKey } from './address-key.ts'
import { type PolicyCode, policyCodes } from './errors.ts'
import type { DecisionInput, EvidenceNeeded } from './input.ts'
import { queueRuleOf } from './queue-rule.ts'
import type { JudgingManner, RuleContext } from './rule-context.ts'
import { archiveModeOf } from './rules/archive-mode.ts'
import { rates } from './rules/rates.ts'
import { ruleOrder } from './rules/rule-order.ts'
import type { Snapshot } from './snapshot.ts'
import type { DecisionState } from './state/decision-state.ts'

/** Code of a proof step whose rule let the message go on. */
const PASSED = 'pass'
/** Code of a proof step whose rule had nothing to say about the message. */
const NOT_APPLICABLE = 'not-applicable'

const DECIDING: JudgingManner = { isExplaining: false, isCounting: true }
const EXPLAINING: JudgingManner = { isExplaining: true, isCounting: false }
const WEIGHING: JudgingManner = { isExplaining: false, isCounting: false }

const passedSteps: readonly ProofStep[] = ruleOrder.map((rule) => bareStep(rule.name, PASSED))
const skippedSteps: readonly ProofStep[] = ruleOrder.map((rule) => bareStep(rule.name, NOT_APPLICABLE))
const ratesAt = ruleOrder.indexOf(rates)

/**
 * Judges one message. Pure but for the counters in `state`; never throws, asks no clock and no network.
 * An `EvidenceNeeded` answer has moved no counter: look it up, then ask again.
 */
export function decide(snapshot: Snapshot, input: DecisionInput, state: DecisionState): Decision | EvidenceNeeded {
  return judge(snapshot, input, state, DECIDING)
}

/** The same judgement with the reasons of every rule tried, and no counter moved. */
export function explain(snapshot: Snapshot, input: DecisionInput, state: DecisionState): Decision | EvidenceNeeded {
  return judge(snapshot, input, state, EXPLAINING)
}

/** The same judgement with no counter moved and no reasons but the refusal's: for judging many messages that are long past. */
export function weigh(snapshot: Snapshot, input: DecisionInput, state: DecisionState): Decision | EvidenceNeeded {
  return judge(snapshot, input, state, WEIGHING)
}

function judge(snapshot: Snapshot, input: DecisionInput, state: DecisionState, manner: JudgingManner): Decision | EvidenceNeeded {
  const { context } = state
  context.begin(snapshot, input, state, manner)
  // one bit for each rule that had nothing to say; the proof is made only where it is not one of those made before
  let skipped = 0
  let steps: ProofStep[] | undefined
  for (let at = 0; at < ruleOrder.length; at++) {
    const rule = ruleOrder[at]!
    context.isApplicable = true
    context.detail = undefined
    context.source = undefined
    context.isNoted = false
    const code = rule.apply(context)
    if (context.need !== undefined) return context.need
    if (code !== undefined) {
      steps ??= standingSteps(at, skipped)
      steps.push({ rule: rule.name, code, detail: context.detail, source: context.source })
      if (manner.isCounting && at < ratesAt) noteRefusal(context)
      return conclude(context, 'deny', code, rule.name, steps)
    }
    if (!context.isApplicable) skipped |= 1 << at
    else if (manner.isExplaining || context.isNoted) {
      steps ??= standingSteps(at, skipped)
      steps.push({ rule: rule.name, code: PASSED, detail: context.detail, source: context.source })
      continue
    }
    steps?.push(context.isApplicable ? passedSteps[at]! : skippedSteps[at]!)
  }
  return conclude(context, 'allow', 'GH-POLICY-ALLOWED', grantingRule(context), steps ?? passingProof(state, skipped))
}

/** The first steps, none of which has anything of its own. */
function standingSteps(count: number, skipped: number): ProofStep[] {
  return ruleOrder.slice(0, count).map((_, at) => ((skipped >> at) & 1 ? skippedSteps[at]! : passedSteps[at]!))
}

/** What most messages get: one array for all that skipped the same rules. */
function passingProof({ passingProofs }: DecisionState, skipped: number): readonly ProofStep[] {
  let proof = passingProofs.get(skipped)
  if (proof === undefined) {
    proof = standingSteps(ruleOrder.length, skipped)
    passingProofs.set(skipped, proof)
  }
  return proof
}

/** The rule that found the outside party: without its match nothing would have been let through. */
function grantingRule(context: RuleContext): string {
  return context.direction === 'outbound' ? 'destination' : 'source-binding'
}

function conclude(
  context: RuleContext,
  verdict: Decision['verdict'],
  code: PolicyCode,
  rule: string,
  proof: readonly ProofStep[],
): Decision {
  const { snapshot } = context
  const isAllowed = verdict === 'allow'
  const mode = archiveModeOf(context)
  const { summary, sip, diagnostics }: CodeEntry = policyCodes[code]
  return {
    verdict,
    code,
    reason: isAllowed || context.detail === undefined || context.detail === '' ? summary : `${summary} ${context.detail}`,
    rule,
    direction: context.direction,
    peerClass: context.peerClass,
    partner: context.partner,
    nameMatch: context.nameMatch,
    mark: context.mark,
    evidence: context.evidence,
    destination: isAllowed ? context.destination : undefined,
    archive: mode.value === 'off' ? 'off' : snapshot.archive,
    archiveBody: mode.value === 'body',
    sipStatus: sip ?? 0,
    diagnostics,
    retryAfterS: context.retryAfterS,
    warning: isAllowed ? undefined : context.warning,
    rewrite: isAllowed ? context.rewrite : undefined,
    inspectors: isAllowed ? context.inspectors : undefined,
    queue: isAllowed ? queueRuleOf(context) : undefined,
    proof,
    observed: context.observed,
    revision: snapshot.revision,
  }
}

/** A refusal by rule is a failed request of the discovered peer and its addressee a used-up one, valid or not (lcs-edge §8.1). */
function noteRefusal(context: RuleContext): void {
  const { input, snapshot, state } = context
  if (input.side !== 'external' || context.relation?.peerClass !== 'discovered') return
  const { fingerprint } = input.peer
  state.watchList.admits(fingerprint, userKey(input.toUser, input.toDomain), snapshot.limits.addressees, input.nowMs, true)
  state.watchList.noteOutcome(fingerprint, false, input.nowMs)
}

function bareStep(rule: string, code: string): ProofStep {
  return { rule, code, detail: undefined, source: undefined }
}
