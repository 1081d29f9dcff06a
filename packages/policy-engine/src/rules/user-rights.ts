import { userKey } from '../address-key.ts'
import { isInternalDomain } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import { contactOf } from '../facts/contact-of.ts'
import { describeFacts } from '../facts/describe-facts.ts'
import type { EffectiveFacts } from '../facts/effective-facts.ts'
import { insideMayStart, outsideMayStart } from '../facts/rights.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import { endsExchange } from './ends-exchange.ts'
import { coversDomain, wallBetween } from './ethical-walls.ts'

/**
 * Rule 5. The rights of the internal user, in either direction, and the walls between groups, also for what stays inside.
 * A refusal inbound looks outside like an unknown user: whoever is told "not this one" would learn that the user exists.
 */
export const userRights: Rule = {
  name: 'user-rights',
  apply: (context) => {
    const { input, snapshot, destination } = context
    if (!snapshot.users.hasRules || endsExchange(input)) return context.skip()
    const isOutbound = input.side === 'internal'
    if (isOutbound && destination?.to === 'inside') return checkInside(context)
    // transit: the members' own gates know their users
    if (!isOutbound && destination?.to !== 'inside') return context.skip()
    const facts = isOutbound ? context.factsOf(input.fromUser, input.fromDomain) : context.factsOf(input.toUser, input.toDomain)
    if (facts === undefined) return undefined
    context.userFacts = facts
    const refusal = checkKnown(context, facts, isOutbound) ?? checkRights(context, facts, isOutbound)
    if (refusal === undefined && context.isExplaining) explainPass(context, facts)
    return refusal
  },
}

function checkRights(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  return (
    checkNetwork(context, facts, isOutbound) ??
    checkDomains(context, facts, isOutbound) ??
    checkWalls(context, facts, isOutbound) ??
    checkStart(context, facts, isOutbound)
  )
}

function checkKnown(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  const { settings } = context.snapshot.users
  if (facts.found?.status === 'failed')
    return context.deny('GH-POLICY-FACTS-AWAY', `${internalEnd(context, isOutbound)}: ${facts.found.detail}`, settings.source)
  if (facts.isKnown || !settings.refusesUnknown) return undefined
  const code = isOutbound ? 'GH-POLICY-USER-UNKNOWN' : 'GH-POLICY-RECIPIENT-UNKNOWN'
  return context.deny(code, `${internalEnd(context, isOutbound)}.`, settings.source)
}

/** LCS's EnabledForFederation and PublicNetworkEnabled (lcs-edge §9.2, diagnostics of §5.2). */
function checkNetwork(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  const { relation } = context
  if (relation?.isPublic !== true) {
    if (facts.federation.value) return undefined
    const code = isOutbound ? 'GH-POLICY-USER-FEDERATION' : 'GH-POLICY-RECIPIENT-FEDERATION'
    return context.deny(code, `User ${internalEnd(context, isOutbound)}.`, facts.federation.source)
  }
  const code = isOutbound ? 'GH-POLICY-USER-PUBLIC' : 'GH-POLICY-RECIPIENT-PUBLIC'
  if (!facts.publicIm.value) return context.deny(code, `User ${internalEnd(context, isOutbound)}.`, facts.publicIm.source)
  const networks = facts.publicNetworks
  if (networks === undefined || networks.value.has(relation.name)) return undefined
  return context.deny(
    code,
    `User ${internalEnd(context, isOutbound)} may use ${[...networks.value].join(', ') || 'none'}, not ${relation.name}.`,
    networks.source,
  )
}

function checkDomains(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  const outside = isOutbound ? context.input.toDomain : context.input.fromDomain
  const code = isOutbound ? 'GH-POLICY-USER-DOMAIN' : 'GH-POLICY-RECIPIENT-DOMAIN'
  const { blockedDomains, allowedDomains } = facts
  if (blockedDomains.size > 0 && coversDomain(blockedDomains, outside)) {
    const source = [...blockedDomains].find(([domain]) => coversDomain(new Set([domain]), outside))?.[1]
    return context.deny(code, `${outside} is blocked for ${internalEnd(context, isOutbound)}.`, source)
  }
  if (allowedDomains === undefined || allowedDomains.value.has(outside)) return undefined
  return context.deny(code, `${outside} is not among the domains of ${internalEnd(context, isOutbound)}.`, allowedDomains.source)
}

function checkWalls(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  const { input, snapshot } = context
  if (snapshot.users.walls.length === 0) return undefined
  const from = { user: input.fromUser, domain: input.fromDomain, facts: isOutbound ? facts : undefined }
  const to = { user: input.toUser, domain: input.toDomain, facts: isOutbound ? undefined : facts }
  const wall = wallBetween(snapshot, from, to, input.nowMs)
  if (wall === undefined) return undefined
  return context.deny(isOutbound ? 'GH-POLICY-WALL' : 'GH-POLICY-RECIPIENT-WALL', `${wall.owner}: ${wall.reason}`, wall.source)
}

/** Who may begin; in a dialog somebody has begun who was allowed to, and with a contact one always may. */
function checkStart(context: RuleContext, facts: EffectiveFacts, isOutbound: boolean): PolicyCode | undefined {
  const { input } = context
  const { start } = facts
  if (start.value === 'both' || input.isInDialog) return undefined
  if (isOutbound ? insideMayStart(start.value) : outsideMayStart(start.value)) return undefined
  const [user, domain] = isOutbound ? [input.toUser, input.toDomain] : [input.fromUser, input.fromDomain]
  if (contactOf(facts, userKey(user, domain), domain, input.nowMs) !== undefined) return undefined
  const code = isOutbound ? 'GH-POLICY-USER-START' : 'GH-POLICY-RECIPIENT-START'
  return context.deny(code, `${internalEnd(context, isOutbound)} and ${user}@${domain}.`, start.source)
}

/** Two of our own users: rights are about the outside, walls are about both. */
function checkInside(context: RuleContext): PolicyCode | undefined {
  const { input, snapshot } = context
  if (snapshot.users.walls.length === 0 || !isInternalDomain(snapshot, input.toDomain)) return context.skip()
  const from = context.factsOf(input.fromUser, input.fromDomain)
  const to = from === undefined ? undefined : context.factsOf(input.toUser, input.toDomain)
  if (from === undefined || to === undefined) return undefined
  for (const [facts, isSender] of [
    [from, true],
    [to, false],
  ] as const) {
    if (facts.found?.status === 'failed') {
      const detail = `${internalEnd(context, isSender)}: ${facts.found.detail}`
      return context.deny('GH-POLICY-FACTS-AWAY', detail, snapshot.users.settings.source)
    }
  }
  const wall = wallBetween(
    snapshot,
    { user: input.fromUser, domain: input.fromDomain, facts: from },
    { user: input.toUser, domain: input.toDomain, facts: to },
    input.nowMs,
  )
  if (wall !== undefined) return context.deny('GH-POLICY-WALL', `${wall.owner}: ${wall.reason}`, wall.source)
  if (context.isExplaining) context.detail = 'no wall stands between the two'
  return undefined
}

function internalEnd({ input }: RuleContext, isOutbound: boolean): string {
  return isOutbound ? `${input.fromUser}@${input.fromDomain}` : `${input.toUser}@${input.toDomain}`
}

function explainPass(context: RuleContext, facts: EffectiveFacts): void {
  const { relation } = context
  const isPublic = relation?.isPublic === true
  context.source = isPublic ? facts.publicIm.source : facts.federation.source
  const parts = describeFacts(facts).map(([right, value, source]) => `${right} ${value}${source === '' ? '' : ` (${source})`}`)
  context.detail = `${facts.isKnown ? 'the user is known' : 'nothing is known of the user'}: ${parts.join('; ')}`
}
