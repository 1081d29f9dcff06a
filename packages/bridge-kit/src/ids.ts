declare const brand: unique symbol

/** A text that only its maker may read: everybody else passes it on and compares it. */
type Opaque<Name extends string> = string & { readonly [brand]: Name }

/** Somebody on the network, in the network's own words: a JID, a nick, a screen name. Made and read by the connector only. */
export type NetworkAddress = Opaque<'NetworkAddress'>

/** A message as the network names it. Made and read by the connector only; empty: the network names none. */
export type RemoteId = Opaque<'RemoteId'>

/** One linked account. Made by the core; connectors pass it back. */
export type AccountId = Opaque<'AccountId'>

export function networkAddress(text: string): NetworkAddress {
  return text as NetworkAddress
}

export function remoteId(text: string): RemoteId {
  return text as RemoteId
}

export function accountId(text: string): AccountId {
  return text as AccountId
}
