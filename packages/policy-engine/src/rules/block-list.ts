import { foldUser } from '../address-key.ts'
import { findBlock, isInForce, isUsableDomain } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { Block, BlockTables } from '../snapshot.ts'

/**
 * Rule 1. Both ends and every asserted domain are looked up, so that no later allow can overrule a block. What is not a domain is
 * left to the source and destination rules, which refuse it.
 */
export const blockList: Rule = {
  name: 'block-list',
  apply: (context) => {
    const { input, snapshot } = context
    if (snapshot.observedBlocks !== undefined) observeBlocks(context, snapshot.observedBlocks)
    if (snapshot.blockedDomains.size === 0 && snapshot.blockedAddresses.size === 0) return context.skip()
    const refusal =
      (context.isFromUsable ? blockedDomain(context, input.fromDomain) : undefined) ??
      (context.isToUsable ? blockedDomain(context, input.toDomain) : undefined)
    if (refusal !== undefined) return refusal
    for (const domain of input.assertedDomains) {
      const asserted = domain !== input.fromDomain && isUsableDomain(domain) ? blockedDomain(context, domain) : undefined
      if (asserted !== undefined) return asserted
    }
    const address = blockedAddress(context, input.fromUser, input.fromDomain) ?? blockedAddress(context, input.toUser, input.toDomain)
    if (address === undefined && context.isExplaining) context.detail = `no block entry covers ${input.fromDomain} or ${input.toDomain}`
    return address
  },
}

/** The same look-ups in the tables of entries on trial; both ends, the first entry found at each. */
function observeBlocks(context: RuleContext, tables: BlockTables): void {
  const { input } = context
  for (const [user, domain] of [
    [input.fromUser, input.fromDomain],
    [input.toUser, input.toDomain],
  ] as const) {
    const ofDomain = isUsableDomain(domain) ? findBlock(tables, domain, input.nowMs) : undefined
    const ofAddress = tables.blockedAddresses.get(domain)?.get(foldUser(user))
    const block = ofDomain ?? (ofAddress !== undefined && isInForce(ofAddress, input.nowMs) ? ofAddress : undefined)
    if (block === undefined) continue
    context.observe(
      'block-list',
      'GH-POLICY-BLOCKED',
      `${user}@${domain} would be blocked by ${block.spec.owner}: ${block.spec.reason}`,
      sourceOf(block),
    )
  }
}

function blockedDomain(context: RuleContext, domain: string): PolicyCode | undefined {
  const block = findBlock(context.snapshot, domain, context.input.nowMs)
  return block === undefined ? undefined : deny(context, domain, block)
}

function blockedAddress(context: RuleContext, user: string, domain: string): PolicyCode | undefined {
  const users = context.snapshot.blockedAddresses.get(domain)
  const block = users?.get(foldUser(user))
  return block === undefined || !isInForce(block, context.input.nowMs) ? undefined : deny(context, `${foldUser(user)}@${domain}`, block)
}

function deny(context: RuleContext, what: string, block: Block): PolicyCode {
  return context.deny('GH-POLICY-BLOCKED', `${what} is blocked by ${block.spec.owner}: ${block.spec.reason}`, sourceOf(block))
}

function sourceOf({ name }: Block): string {
  return `BlockEntry/${name}`
}
