import { writeWireMessage } from '../peers-kit/wire-message.ts'

export interface AttackMessage {
  readonly method?: string
  readonly fromDomain?: string
  readonly to?: string
  readonly body?: string
  readonly maxForwards?: string
  /** Further header lines, verbatim. */
  readonly extra?: readonly (readonly [string, string])[]
  /** Instead of the true one. */
  readonly contentLength?: string
}

let sequence = 0

/** A MESSAGE from the partner to a user inside, with everything right but what the attack changes. */
export function attackMessage(parts: AttackMessage = {}): string {
  sequence += 1
  const method = parts.method ?? 'MESSAGE'
  const text = writeWireMessage(
    `${method} sip:${parts.to ?? 'alice@contoso.example'} SIP/2.0`,
    [
      ['Via', `SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bKbad${sequence}`],
      ['Max-Forwards', parts.maxForwards ?? '70'],
      ['From', `<sip:mallory@${parts.fromDomain ?? 'fabrikam.example'}>;tag=m${sequence}`],
      ['To', `<sip:${parts.to ?? 'alice@contoso.example'}>`],
      ['Call-ID', `bad-${sequence}-${process.pid}@fabrikam.example`],
      ['CSeq', `1 ${method}`],
      ['Content-Type', 'text/plain'],
      ...(parts.extra ?? []),
    ],
    parts.body ?? 'hello',
  )
  return parts.contentLength === undefined ? text : text.replace(/Content-Length: \d+/, `Content-Length: ${parts.contentLength}`)
}
