import { parseAddress } from '@gatehouse/im-model'
import { type RightsSpec, userKey } from '@gatehouse/policy-engine'
import type { Membership, StoredUser } from '../facts/stored-user.ts'
import type { DirectoryConfig } from './directory-config.ts'
import type { DirectoryEntry } from './directory-source.ts'

/** More addresses or contacts of one entry than anybody has; the rest is left out. */
const MAX_ADDRESSES = 50
const MAX_CONTACTS = 10_000

/** What policy wants to know of a user entry: one user for each address. Empty: the entry has no usable one. */
export function readUser(entry: DirectoryEntry, users: DirectoryConfig['users']): readonly StoredUser[] {
  const rights: RightsSpec = {
    federation: booleanOf(entry, users.federation),
    publicIm: booleanOf(entry, users.publicIm),
    remote: booleanOf(entry, users.remote),
  }
  const addresses = new Set(entry.values(users.address).slice(0, MAX_ADDRESSES).flatMap(addressOf))
  const contacts = users.contacts === undefined ? [] : entry.values(users.contacts).slice(0, MAX_CONTACTS).flatMap(addressOf)
  const externalId = normaliseDn(entry.dn)
  return [...addresses].map((address) => ({ address, externalId, rights, groups: [], contacts, safeList: [] }))
}

/** The groups that an entry, user or group, says it is in. */
export function readMemberOf(entry: DirectoryEntry, memberOf: string): readonly Membership[] {
  const member = normaliseDn(entry.dn)
  return entry.values(memberOf).map((group) => ({ statedBy: member, member, group: normaliseDn(group) }))
}

/** The members that a group says it has. */
export function readMembers(entry: DirectoryEntry, attributes: readonly string[]): readonly Membership[] {
  const group = normaliseDn(entry.dn)
  return attributes.flatMap((attribute) =>
    entry.values(attribute).map((member) => ({ statedBy: group, member: normaliseDn(member), group })),
  )
}

/**
 * The form names are compared in: lower case, no blanks around separators (RFC 4514 allows none, older writers put some).
 * Two spellings with different escapes stay different, which joins nobody to a group by mistake.
 */
export function normaliseDn(dn: string): string {
  return dn
    .trim()
    .toLowerCase()
    .replace(/\s*([,=+])\s*/g, '$1')
}

/** `user@domain`, `sip:user@domain`, `SIP:…`; other schemes are other things. */
function addressOf(text: string): string[] {
  const bare = /^sips?:/i.test(text) ? text.slice(text.indexOf(':') + 1) : text
  if (/^[a-z][a-z0-9+.-]*:/i.test(bare)) return []
  const address = parseAddress(bare)
  return address === undefined ? [] : [userKey(address.user, address.domain)]
}

/** RFC 4517 §3.3.3; anything else says nothing. */
function booleanOf(entry: DirectoryEntry, attribute: string | undefined): boolean | undefined {
  const value = attribute === undefined ? undefined : entry.values(attribute)[0]?.toUpperCase()
  return value === 'TRUE' ? true : value === 'FALSE' ? false : undefined
}
