import type { EffectiveFacts } from './effective-facts.ts'

/**
 * Why an outside address counts as known to the user: on the contact list of the document, imported, learned, accepted, or safe.
 * `undefined`: it does not. `senderKey` as `userKey` makes it.
 */
export function contactOf(facts: EffectiveFacts, senderKey: string, senderDomain: string, nowMs: number): ContactReason | undefined {
  const { written, found } = facts
  if (written?.contacts.has(senderKey) === true) return 'contact list'
  const until = found?.contacts.get(senderKey)
  if (until !== undefined && nowMs < until) return 'known contact'
  const isSafe = isOn(written?.safeList, senderKey, senderDomain) || isOn(found?.safeList, senderKey, senderDomain)
  return isSafe ? 'safe list' : undefined
}

export type ContactReason = 'contact list' | 'known contact' | 'safe list'

function isOn(list: ReadonlySet<string> | undefined, key: string, domain: string): boolean {
  return list !== undefined && list.size > 0 && (list.has(key) || list.has(domain))
}
