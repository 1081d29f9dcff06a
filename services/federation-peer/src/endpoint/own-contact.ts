import type { EdgeSide, ImAddress } from '@gatehouse/im-model'
import type { OwnNames } from '../route/own-names.ts'
import type { RouteToken } from '../route/route-token.ts'
import { toSipUri } from './content/sip-address.ts'

/**
 * Makes the Contacts of the endpoint's dialogs. One carries the token that routes have, bound to the Call-ID and both domains: any replica
 * with the same key knows the dialog for ours and can take what comes in it without having seen it begin.
 */
export class OwnContacts {
  readonly #own: OwnNames
  readonly #token: RouteToken

  constructor(own: OwnNames, token: RouteToken) {
    this.#own = own
    this.#token = token
  }

  /** `user`: the one who is not on SIP, whom we stand for. `side`: where the other end is. */
  of(side: EdgeSide, user: ImAddress, peerDomain: string, callId: string): string {
    const { host, port } = this.#own.of(side)
    const name = toSipUri(user).slice('sip:'.length, -user.domain.length - 1)
    return `<sip:${name}@${host}:${port};transport=tls;gh=${this.#token.issue(callId, user.domain, peerDomain)}>`
  }
}
