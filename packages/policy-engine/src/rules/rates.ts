import { userKey } from '../address-key.ts'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { TokenBuckets } from '../state/token-buckets.ts'
import { endsExchange } from './ends-exchange.ts'

const LONGEST_RETRY_S = 3600

/** Rule 10. Limits of discovered peers (lcs-edge §8.1), of any peer, of any sender. Explaining looks and takes nothing. */
export const rates: Rule = {
  name: 'rates',
  apply: (context) => {
    if (endsExchange(context.input)) return context.skip()
    const refusal = checkDiscovered(context) ?? checkPeer(context) ?? checkUser(context)
    if (refusal === undefined && context.isExplaining) context.detail = 'within the limits'
    return refusal
  },
}

function checkDiscovered(context: RuleContext): PolicyCode | undefined {
  const { input, snapshot, state } = context
  if (input.side !== 'external' || context.peerClass !== 'discovered') return undefined
  const { limits } = snapshot
  const { fingerprint } = input.peer
  const isSuspicious = state.watchList.isSuspicious(fingerprint, input.nowMs)
  const perSecond = isSuspicious ? limits.suspiciousPerSecond : limits.discoveredPerSecond
  const waitMs = takeFrom(context, state.discoveredBuckets, fingerprint, perSecond, Math.max(1, perSecond))
  if (waitMs > 0) {
    const code = isSuspicious ? 'GH-POLICY-RATE-SUSPICIOUS' : 'GH-POLICY-RATE-DISCOVERED'
    return denyRate(context, code, `${context.partner}, certificate ${fingerprint}: ${perSecond} per second.`, waitMs)
  }
  const addressee = userKey(input.toUser, input.toDomain)
  if (state.watchList.admits(fingerprint, addressee, limits.addressees, input.nowMs, context.isCounting)) return undefined
  return context.deny('GH-POLICY-ADDRESSEES', `${context.partner}, certificate ${fingerprint}: ${limits.addressees} addresses.`)
}

function checkPeer(context: RuleContext): PolicyCode | undefined {
  const { peerPerSecond, peerBurst } = context.snapshot.limits
  if (peerPerSecond === 0 || context.input.side === 'internal') return undefined
  const waitMs = takeFrom(context, context.state.peerBuckets, context.partner, peerPerSecond, peerBurst)
  if (waitMs === 0) return undefined
  return denyRate(context, 'GH-POLICY-RATE-PEER', `${context.partner}: ${peerPerSecond} per second.`, waitMs)
}

function checkUser(context: RuleContext): PolicyCode | undefined {
  const { userPerSecond, userBurst } = context.snapshot.limits
  if (userPerSecond === 0) return undefined
  const key = userKey(context.input.fromUser, context.input.fromDomain)
  const waitMs = takeFrom(context, context.state.userBuckets, key, userPerSecond, userBurst)
  if (waitMs === 0) return undefined
  return denyRate(context, 'GH-POLICY-RATE-USER', `${key}: ${userPerSecond} per second.`, waitMs)
}

function takeFrom(context: RuleContext, buckets: TokenBuckets, key: string, perSecond: number, burst: number): number {
  const { nowMs } = context.input
  return context.isCounting ? buckets.take(key, perSecond, burst, nowMs) : buckets.peek(key, perSecond, burst, nowMs)
}

function denyRate(context: RuleContext, code: PolicyCode, detail: string, waitMs: number): PolicyCode {
  context.retryAfterS = Math.min(LONGEST_RETRY_S, Math.ceil(waitMs / 1000))
  return context.deny(code, detail)
}
