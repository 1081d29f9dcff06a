import type { Delivery } from '@gatehouse/delivery'
import type { Destination } from '@gatehouse/im-model'

/** What is away together, as operators see it. */
export class LaneNames {
  readonly #isOfAccounts: (destination: Destination) => boolean

  /** `isOfAccounts`: the destination lies on a network one logs in to. */
  constructor(isOfAccounts: (destination: Destination) => boolean) {
    this.#isOfAccounts = isOfAccounts
  }

  /** The SIP side inside, a home system, a partner's edge, a domain of a network, or one user's account on a network. */
  of({ destination, envelope: { from } }: Delivery): string {
    if (destination.to === 'peer') return destination.edgeHost ?? destination.domain
    if (destination.to === 'inside') return destination.port === undefined ? 'inside' : `inside/${destination.domain}`
    return this.#isOfAccounts(destination) ? laneOfAccount(destination.domain, from) : destination.domain
  }
}

/** One login on a network: others of the same network may be connected. */
export function laneOfAccount(networkDomain: string, { user, domain }: { readonly user: string; readonly domain: string }): string {
  return `${networkDomain}/${user}@${domain}`.toLowerCase()
}

/** Who writes to whom. */
export function conversationOf({ envelope: { from, to } }: Delivery): string {
  return `${from.user}@${from.domain} > ${to.user}@${to.domain}`.toLowerCase()
}
