import { type Addressing, type NetworkAddress, networkAddress } from '@gatehouse/bridge-kit'
import type { ImAddress } from '@gatehouse/im-model'
import { bareOf, escapeLocal, parseJid, unescapeLocal } from '@gatehouse/xmpp-core'

/** RFC 7247 §6 with XEP-0106: what a local part may not hold is escaped, so that the way back is the same. */
export const xmppAddressing: Addressing = {
  toNetwork: (address) => toNetwork(address),
  fromNetwork: (person) => fromNetwork(person),
}

function toNetwork(address: ImAddress): NetworkAddress | undefined {
  if (address.user === '') return undefined
  const jid = parseJid(`${escapeLocal(address.user)}@${address.domain}`)
  return jid === undefined || jid.local === '' || jid.resource !== '' ? undefined : networkAddress(bareOf(jid))
}

function fromNetwork(person: NetworkAddress): ImAddress | undefined {
  const jid = parseJid(person)
  if (jid === undefined || jid.local === '') return undefined
  const user = unescapeLocal(jid.local)
  // Two local parts must not become one user: what we would write otherwise is nobody's name.
  return escapeLocal(user) === jid.local ? { user, domain: jid.domain } : undefined
}
