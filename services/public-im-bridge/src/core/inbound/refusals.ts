import type { ReceiveOutcome } from '@gatehouse/bridge-kit'
import { failedOutcome } from '@gatehouse/delivery'
import type { CodeEntry, Retry } from '@gatehouse/errors'
import type { Decision, DeliveryOutcome, EdgeSide } from '@gatehouse/im-model'
import { policyCodes } from '@gatehouse/policy-engine'
import { type BridgeCode, bridgeCodes } from '../../errors.ts'

/** What somebody outside may read; no more than the SIP status would tell them. */
const NOTICES: readonly (readonly [from: number, to: number, text: string])[] = [
  [404, 404, 'Not delivered: there is no such person here.'],
  [408, 408, 'It is not known whether this was delivered.'],
  [413, 413, 'Not delivered: the message is too long.'],
  [480, 480, 'Not delivered: they cannot be reached now.'],
  [482, 482, 'Not delivered: this went round in a circle.'],
  [486, 488, 'Not delivered: they cannot take this message now.'],
  [400, 499, 'Not delivered: this is not allowed.'],
  [500, 599, 'Not delivered; try again later.'],
  [600, 699, 'Not delivered: this is not allowed.'],
]

/** With what the sender may read: terse outside, precise to our own users. */
export function withNotice(outcome: DeliveryOutcome, side: EdgeSide, warning?: string): ReceiveOutcome {
  if (outcome.status !== 'failed') return { ...outcome, notice: '' }
  if (warning !== undefined) return { ...outcome, notice: warning }
  if (side === 'internal') return { ...outcome, notice: `Not delivered: ${outcome.detail} (${outcome.code})` }
  const status = outcome.isCertain ? outcome.sipStatus : 408
  const row = NOTICES.find(([from, to]) => status >= from && status <= to)
  return { ...outcome, notice: row?.[2] ?? 'Not delivered.' }
}

export function refuse(code: BridgeCode, side: EdgeSide, detail = ''): ReceiveOutcome {
  return withNotice(failedOutcome(bridgeCodes, code, detail), side)
}

export function refusalOf(decision: Decision, side: EdgeSide): ReceiveOutcome {
  const entry: CodeEntry | undefined = policyCodes[decision.code as keyof typeof policyCodes]
  const retry: Retry = entry?.retry ?? 'never'
  const { code, reason, sipStatus } = decision
  return withNotice({ status: 'failed', code, detail: reason, isCertain: true, retry, sipStatus, remoteId: '' }, side, decision.warning)
}
