import type { Delivery } from '@gatehouse/delivery'
import { createHeaderLine, createRequest, encodeHeaderText, type SipMessage, type SipRequest } from '@gatehouse/sip-core'
import { renderTrust, renderVerification, TRUST_HEADER, VERIFICATION_HEADER } from '../boundary/trust-header.ts'
import type { LinkDestination } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import { callIdOf } from './call-id.ts'
import { toSipUri } from './content/sip-address.ts'

export type HeaderPairs = readonly (readonly [name: string, value: string])[]

export interface OwnRequestParts {
  readonly method: string
  readonly delivery: Delivery
  readonly fromTag: string
  readonly host: string
  readonly headers: HeaderPairs
  readonly body?: Uint8Array | undefined
}

/** A request of ours outside any dialog (RFC 3261 §8.1.1), still without Via. Each one has a From tag of its own, so CSeq may be 1. */
export function createOwnRequest({ method, delivery, fromTag, host, headers, body }: OwnRequestParts): SipRequest {
  const { from, to, conversation } = delivery.envelope
  const target = toSipUri(to)
  return createRequest(
    method,
    target,
    [
      ['Max-Forwards', '70'],
      ['From', `<${toSipUri(from)}>;tag=${fromTag}`],
      ['To', `<${target}>`],
      ['Call-ID', callIdOf(conversation, host)],
      ['CSeq', `1 ${method}`],
      ...headers,
      ['Content-Length', String(body?.byteLength ?? 0)],
    ],
    body,
  )
}

/** Says what we know of the outside user, as for a proxied message: the trust header inwards, the mark to a partner that reads it. */
export function markOwnMessage(message: SipMessage, delivery: Delivery, destination: LinkDestination, own: OwnNames): void {
  const { mark, peerClass } = delivery.decision
  if (destination.to === 'inside') {
    const remoteName = delivery.envelope.from.domain
    message.headers.pushLine(createHeaderLine(TRUST_HEADER, renderTrust({ peerClass, edgeName: own.external.host, mark, remoteName })))
  } else if (destination.dialect === 'microsoft') message.headers.set(VERIFICATION_HEADER, renderVerification(mark))
}

/** Text for a header line: UTF-8 as SIP has it (RFC 3261 §7), bounded; sip-core takes line ends out. */
export function headerText(text: string): string {
  return encodeHeaderText(text.slice(0, 500))
}
