import { userKey } from '../address-key.ts'
import { findBlock, isUsableDomain } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { Block } from '../snapshot.ts'

/** Rule 1. Both ends and every asserted domain are looked up, so that no later allow can overrule a block. */
export const blockList: Rule = {
  name: 'block-list',
  apply: (context) => {
    const { input, snapshot } = context
    if (snapshot.blockedDomains.size === 0 && snapshot.blockedAddresses.size === 0) return context.skip()
    const refusal = blockedDomain(context, input.fromDomain) ?? blockedDomain(context, input.toDomain)
    if (refusal !== undefined) return refusal
    for (const domain of input.assertedDomains) {
      const asserted = blockedDomain(context, domain)
      if (asserted !== undefined) return asserted
    }
    if (snapshot.blockedAddresses.size > 0) {
      const address = blockedAddress(context, input.fromUser, input.fromDomain) ?? blockedAddress(context, input.toUser, input.toDomain)
      if (address !== undefined) return address
    }
    if (context.isExplaining) context.detail = `no block entry covers ${input.fromDomain} or ${input.toDomain}`
    return undefined
  },
}

function blockedDomain(context: RuleContext, domain: string): PolicyCode | undefined {
  // what is not a domain is refused by the source and destination rules
  if (!isUsableDomain(domain)) return undefined
  const block = findBlock(context.snapshot.blockedDomains, domain, context.input.nowMs)
  return block === undefined ? undefined : deny(context, domain, block)
}

function blockedAddress(context: RuleContext, user: string, domain: string): PolicyCode | undefined {
  const key = userKey(user, domain)
  const block = context.snapshot.blockedAddresses.get(key)
  return block === undefined || context.input.nowMs >= block.expiresMs ? undefined : deny(context, key, block)
}

function deny(context: RuleContext, what: string, block: Block): PolicyCode {
  return context.deny('GH-POLICY-BLOCKED', `${what} is blocked by ${block.owner}: ${block.reason}`, block.source)
}
