import { createHmac, timingSafeEqual } from 'node:crypto'

const MAC_BYTES = 15

/**
 * Signs the Record-Route URIs that this gate hands out, as LCS did with `ms-route-sig`.
 * The token binds a route to one dialog (Call-ID) and one pair of domains, in either direction, so a peer can neither
 * invent a Route through us nor reuse one for somebody else. Every replica with the same key accepts it: in-dialog
 * requests need no memory (architecture §10).
 */
export class RouteToken {
  readonly #key: Uint8Array

  /** `key`: at least 32 random bytes, the same for all replicas of one edge. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** The value of the `gh` URI parameter. */
  issue(callId: string, oneDomain: string, otherDomain: string): string {
    return this.#mac(callId, oneDomain, otherDomain).toString('base64url')
  }

  isValid(token: string, callId: string, oneDomain: string, otherDomain: string): boolean {
    const given = Buffer.from(token, 'base64url')
    return given.length === MAC_BYTES && timingSafeEqual(given, this.#mac(callId, oneDomain, otherDomain))
  }

  #mac(callId: string, oneDomain: string, otherDomain: string): Buffer {
    const [low, high] = oneDomain < otherDomain ? [oneDomain, otherDomain] : [otherDomain, oneDomain]
    return createHmac('sha256', this.#key).update(`gatehouse-route-1\0${callId}\0${low}\0${high}`, 'latin1').digest().subarray(0, MAC_BYTES)
  }
}
