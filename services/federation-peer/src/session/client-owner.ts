import type { ClientFailure, SipResponse } from '@gatehouse/sip-core'

/** Whoever started a client transaction: the relay of a proxied request, or the endpoint for one of its own. */
export interface ClientOwner {
  handleResponse(response: SipResponse, nowMs: number): void
  handleFailure(why: ClientFailure, nowMs: number): void
}
