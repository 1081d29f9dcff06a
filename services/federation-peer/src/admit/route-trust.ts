import type { SipUri } from '@gatehouse/sip-core'
import type { OwnNames } from '../route/own-names.ts'
import type { RouteToken } from '../route/route-token.ts'
import type { Passage } from '../session/passage.ts'
import { domainOf } from './read-addresses.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * A Route header is an order to us. From outside it is obeyed only when we wrote it: the first Route is one of our
 * Record-Route URIs and carries a token for this very dialog. Sets `isInDialog`.
 * The inside is trusted: its Routes are followed, its dialogs need no token.
 */
export function checkRouteTrust(passage: Passage, own: OwnNames, token: RouteToken): Refusal | undefined {
  const request = passage.request
  const to = request.to()
  const hasToTag = to?.tag !== undefined
  if (hasToTag) {
    const target = request.requestSipUri()
    // a strict router before us would have put our Record-Route there (RFC 3261 §16.4), which has `lr`
    if (target !== undefined && own.isOwn(target) && !target.params.has('lr')) return checkOwnContact(passage, target, token)
  }
  if (!request.headers.has('Route')) return undefined
  const first = request.routes()[0]?.sipUri
  const isOwn = first !== undefined && own.isOwn(first)
  const given = isOwn ? first.params.get('gh') : undefined
  const toDomain = to?.sipUri === undefined ? '' : domainOf(to.sipUri)
  if (hasToTag && given !== undefined && token.isValid(given, passage.callId, passage.fromDomain, toDomain)) {
    passage.isInDialog = true
    return undefined
  }
  if (passage.side === 'internal') return undefined
  return hasToTag && isOwn ? refuse('GH-PEER-ROUTE-INVALID') : refuse('GH-PEER-ROUTE-PRELOADED')
}

/** Our own Contact: a dialog of the endpoint, which the token in it proves to any replica. Routes are nothing to it: the request ends here. */
function checkOwnContact(passage: Passage, contact: SipUri, token: RouteToken): Refusal | undefined {
  const to = passage.request.to()?.sipUri
  const given = contact.params.get('gh')
  if (to === undefined || given === undefined || !token.isValid(given, passage.callId, passage.fromDomain, domainOf(to))) {
    return refuse('GH-PEER-ROUTE-INVALID')
  }
  passage.isInDialog = true
  passage.endsHere = true
  return undefined
}
