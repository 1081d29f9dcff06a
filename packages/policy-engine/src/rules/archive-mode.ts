import type { ArchiveMode } from '@gatehouse/im-model'
import { isInternalDomain } from '../domain-lookup.ts'
import { type EffectiveFacts, moreKept, type Stated } from '../facts/effective-facts.ts'
import { factsOf } from '../facts/facts-of.ts'
import type { RuleContext } from '../rule-context.ts'

/** How much of the message is kept, and the object that says so; undefined source: `Archiving`, or nothing. */
export function archiveModeOf(context: RuleContext): Stated<ArchiveMode> {
  const { snapshot } = context
  const { modes } = snapshot
  if (!modes.hasExceptions) return modes.otherwise
  const isInside = isBetweenOwnUsers(context)
  const ofClass = isInside ? modes.internal : classMode(context)
  if (!snapshot.users.hasArchiveModes) return ofClass
  const { input } = context
  const isOutbound = input.side === 'internal'
  const from = isOutbound ? ownMode(context, input.fromUser, input.fromDomain) : undefined
  const to = !isOutbound || isInside ? ownMode(context, input.toUser, input.toDomain) : undefined
  if (from === undefined || to === undefined) return from ?? to ?? ofClass
  return moreKept(from.value, to.value) === from.value ? from : to
}

/** Facts of the user that rule 5 did not ask for, where what is kept may depend on them; false after noting that they are needed. */
export function hasFactsForMode(context: RuleContext): boolean {
  const { input, snapshot, userFacts } = context
  if (!snapshot.users.hasArchiveModes || userFacts !== undefined) return true
  const isOutbound = input.side === 'internal'
  const facts = isOutbound ? context.factsOf(input.fromUser, input.fromDomain) : context.factsOf(input.toUser, input.toDomain)
  if (facts === undefined) return false
  return !isBetweenOwnUsers(context) || context.factsOf(input.toUser, input.toDomain) !== undefined
}

function isBetweenOwnUsers({ input, destination, snapshot }: RuleContext): boolean {
  return input.side === 'internal' && (destination?.to === 'inside' || isInternalDomain(snapshot, input.toDomain))
}

function classMode({ snapshot, relation }: RuleContext): Stated<ArchiveMode> {
  const { modes } = snapshot
  if (relation === undefined) return modes.federation
  return modes.networks.get(relation.name) ?? (relation.isPublic ? modes.publicNetworks : modes.federation)
}

/** Of what is refused before anybody asked for facts, the document alone says what is kept. */
function ownMode({ snapshot, input, userFacts }: RuleContext, user: string, domain: string): Stated<ArchiveMode> | undefined {
  const facts: EffectiveFacts | undefined = factsOf(snapshot, user, domain, input) ?? userFacts
  return facts?.archiving
}
