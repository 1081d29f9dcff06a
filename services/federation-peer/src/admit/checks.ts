import type { Decision, EdgeSide } from '@gatehouse/im-model'
import { type DecisionInput, type DecisionState, decide, type EvidenceNeeded, type Snapshot } from '@gatehouse/policy-engine'
import type { OwnNames } from '../route/own-names.ts'
import type { RouteToken } from '../route/route-token.ts'
import type { Passage } from '../session/passage.ts'
import { readAddressee, readSender } from './read-addresses.ts'
import { type Refusal, refuse } from './refusal.ts'
import { checkRouteTrust } from './route-trust.ts'
import type { SenderBudget } from './sender-budget.ts'

/** What the checks look at besides the request. */
export interface AdmitContext {
  readonly own: OwnNames
  readonly token: RouteToken
  readonly budget: SenderBudget
  /** The snapshot in force; undefined when there is none or it is too old. */
  readonly snapshot: (nowMs: number) => Snapshot | undefined
  readonly decisions: DecisionState
  readonly isDraining: () => boolean
}

/** Undefined: go on to the next check. */
export type CheckResult = Refusal | EvidenceNeeded | undefined
export type Check = (passage: Passage, context: AdmitContext) => CheckResult

/** Methods between neighbours (NEGOTIATE: compression between Microsoft servers) or for a registrar, which this gate is not. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['NEGOTIATE', 'REGISTER'])

export const ALLOWED_METHODS = 'INVITE, ACK, CANCEL, BYE, MESSAGE, INFO, SUBSCRIBE, NOTIFY, BENOTIFY, OPTIONS, UPDATE, PRACK, REFER'

const ALLOW: readonly (readonly [string, string])[] = [['Allow', ALLOWED_METHODS]]

export function checkMethod(passage: Passage): CheckResult {
  return HOP_BY_HOP.has(passage.method) ? refuse('GH-PEER-METHOD-HOP-BY-HOP', '', { headers: ALLOW }) : undefined
}

export function checkSender(passage: Passage): CheckResult {
  return readSender(passage) ? undefined : refuse('GH-PEER-NO-ADDRESS')
}

export function checkRoute(passage: Passage, context: AdmitContext): CheckResult {
  return checkRouteTrust(passage, context.own, context.token)
}

export function checkAddressee(passage: Passage): CheckResult {
  return readAddressee(passage) ? undefined : refuse('GH-PEER-NO-ADDRESS')
}

/** Dialogs that are open may go on while a replica drains; new business goes elsewhere. */
export function checkDraining(passage: Passage, context: AdmitContext): CheckResult {
  return context.isDraining() && !passage.isInDialog ? refuse('GH-PEER-DRAINING', '', { retryAfterS: 1 }) : undefined
}

export function checkBudget(passage: Passage, context: AdmitContext): CheckResult {
  if (context.budget.take(passage.budgetKey)) {
    passage.holdsBudget = true
    return undefined
  }
  return refuse('GH-PEER-BUSY', `${passage.budgetKey} has too many transactions open.`, { retryAfterS: 5 })
}

/** The policy decides once, here; its decision travels with the message. */
export function checkPolicy(passage: Passage, context: AdmitContext): CheckResult {
  const snapshot = context.snapshot(passage.nowMs)
  if (snapshot === undefined) return refuse('GH-PEER-NO-POLICY', '', { retryAfterS: 5 })
  const answer = decide(snapshot, passage satisfies DecisionInput, context.decisions)
  if ('need' in answer) return answer
  passage.decision = answer
  return answer.verdict === 'allow' ? undefined : refusalOf(answer)
}

export function refusalOf(decision: Decision): Refusal {
  return {
    code: decision.code,
    status: decision.sipStatus,
    reason: decision.reason,
    diagnostics: decision.diagnostics,
    retryAfterS: decision.retryAfterS,
    headers: [],
    warning: decision.warning,
  }
}

export type { EdgeSide }
