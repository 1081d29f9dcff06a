import { type Addressing, accountOfAddress, addressOfAccount, type NetworkAddress, networkAddress } from '@gatehouse/bridge-kit'

/** No nick can begin with it, and IRC itself marks what nobody vouches for this way. */
const BARE = '~'
const MAX_LENGTH = 64
/** What would be a channel, a list, a mask, a server or a status prefix, or would end the word. */
const UNUSABLE = /[\s,*?!@:/]|^[#&$+%]/

/** Somebody on IRC: an account of its services, or whoever has a nick just now. */
export type IrcPerson = { readonly account: string } | { readonly nick: string }

/**
 * Two kinds of people are kept apart, because anybody may take a nick: `alice` is the account, `~alice` the nick. So nobody gets onto a contact
 * list by taking a name that stands on it. Case is folded: services and servers do not tell `Alice` from `alice`.
 */
export function ircAddressing(domain: string): Addressing {
  return {
    toNetwork: (address) => {
      const text = accountOfAddress(address, domain)
      return text === undefined ? undefined : checked(text)
    },
    fromNetwork: (person) => {
      const known = checked(person)
      return known === undefined ? undefined : addressOfAccount(known, domain)
    },
  }
}

export function networkName(person: IrcPerson): NetworkAddress | undefined {
  return checked('account' in person ? person.account : BARE + person.nick)
}

/** Of a name that `ircAddressing` or `networkName` made. */
export function personOf(name: NetworkAddress): IrcPerson {
  return name.startsWith(BARE) ? { nick: name.slice(1) } : { account: name }
}

function checked(text: string): NetworkAddress | undefined {
  const bare = text.startsWith(BARE) ? text.slice(1) : text
  if (bare === '' || bare.startsWith(BARE) || text.length > MAX_LENGTH || UNUSABLE.test(bare) || !text.isWellFormed()) return undefined
  return networkAddress(text.toLowerCase())
}
