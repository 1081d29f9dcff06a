import type { EffectiveFacts, Stated } from './effective-facts.ts'

/** Each right with its value and the object that says so, for `explain` and `users show`. */
export function describeFacts(facts: EffectiveFacts): readonly (readonly [right: string, value: string, source: string])[] {
  const blocked = [...facts.blockedDomains].map(([domain, source]) => ['blocked domain', domain, source] as const)
  return [
    ['federation', yesNo(facts.federation), facts.federation.source],
    ['public IM', yesNo(facts.publicIm), facts.publicIm.source],
    ['public networks', listed(facts.publicNetworks, 'every enabled one'), facts.publicNetworks?.source ?? ''],
    ['remote', yesNo(facts.remote), facts.remote.source],
    ['who may start', facts.start.value, facts.start.source],
    ['allowed domains', listed(facts.allowedDomains, 'any'), facts.allowedDomains?.source ?? ''],
    ...blocked,
    ['archiving', facts.archiving?.value ?? 'as Archiving says', facts.archiving?.source ?? ''],
    ['groups', facts.groups.map((group) => group.name).join(', ') || 'none', ''],
  ]
}

function yesNo(stated: Stated<boolean>): string {
  return stated.value ? 'yes' : 'no'
}

function listed(stated: Stated<ReadonlySet<string>> | undefined, otherwise: string): string {
  return stated === undefined ? otherwise : [...stated.value].join(', ') || 'none'
}
