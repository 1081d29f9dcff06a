import type { Decision, PeerDestination } from '@gatehouse/im-model'
import type { HeaderLine, SipMessage } from '@gatehouse/sip-core'
import { isKeptOnItsSide, isMicrosoftHeader } from './boundary-headers.ts'
import { renderVerification, VERIFICATION_HEADER } from './trust-header.ts'

/** A message from outside goes in: nothing it says about trust survives, our own statement is added. */
export function enterInside(message: SipMessage, trustLine: HeaderLine): void {
  message.headers.removeNamed(isKeptInward)
  message.headers.pushLine(trustLine)
}

/** A message from inside goes out: internal headers stay, the mark goes with it where the partner reads it. */
export function leaveInside(message: SipMessage, decision: Decision, destination: PeerDestination): void {
  if (destination.dialect === 'standard') {
    message.headers.removeNamed(isKeptOutwardStandard)
    dropOptionTag(message, 'ms-benotify')
    return
  }
  message.headers.removeNamed(isKeptOutward)
  if (message.isRequest) message.headers.set(VERIFICATION_HEADER, renderVerification(decision.mark))
}

/** A message from one partner goes to another (clearinghouse): the mark we computed travels, never the one that came. */
export function passBetweenPeers(message: SipMessage, decision: Decision): void {
  message.headers.removeNamed(isKeptOutward)
  if (message.isRequest) message.headers.set(VERIFICATION_HEADER, renderVerification(decision.mark))
}

/** An answer from inside goes back out. */
export function answerOutward(message: SipMessage): void {
  message.headers.removeNamed(isKeptOutward)
}

function isKeptInward(name: string): boolean {
  return name === VERIFICATION_HEADER || isKeptOnItsSide(name)
}

function isKeptOutward(name: string): boolean {
  return name === VERIFICATION_HEADER || isKeptOnItsSide(name)
}

function isKeptOutwardStandard(name: string): boolean {
  return isMicrosoftHeader(name) || isKeptOnItsSide(name)
}

/** A peer that does not know the tag would have to answer 420 (RFC 3261 §16.3 step 5). */
function dropOptionTag(message: SipMessage, tag: string): void {
  for (const name of ['Proxy-Require', 'Supported']) {
    if (!message.headers.has(name)) continue
    const tags = message.headers.values(name)
    const kept = tags.filter((each) => each.toLowerCase() !== tag)
    if (kept.length === tags.length) continue
    if (kept.length === 0) message.headers.remove(name)
    else message.headers.set(name, kept.join(', '))
  }
}
