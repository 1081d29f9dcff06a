import { createRequest } from '../message/create-request.ts'
import type { SipRequest } from '../message/sip-request.ts'

/** A request of alice@contoso.example to bob@fabrikam.example for tests; `headers` come on top of the mandatory ones. */
export function sampleRequest(
  method: string,
  options: {
    readonly branch?: string
    readonly via?: string
    readonly uri?: string
    readonly callId?: string
    readonly cseq?: number
    readonly toTag?: string
    readonly maxForwards?: number | null
    readonly headers?: readonly (readonly [string, string])[]
    readonly body?: string
  } = {},
): SipRequest {
  const via = options.via ?? `SIP/2.0/TLS edge.contoso.example:5061;branch=${options.branch ?? 'z9hG4bKsample'}`
  const maxForwards = options.maxForwards === null ? [] : [['Max-Forwards', String(options.maxForwards ?? 70)] as const]
  return createRequest(
    method,
    options.uri ?? 'sip:bob@fabrikam.example',
    [
      ['Via', via],
      ...maxForwards,
      ['From', '<sip:alice@contoso.example>;tag=alice-1'],
      ['To', `<sip:bob@fabrikam.example>${options.toTag === undefined ? '' : `;tag=${options.toTag}`}`],
      ['Call-ID', options.callId ?? 'call-1@contoso.example'],
      ['CSeq', `${options.cseq ?? 1} ${method}`],
      ['Contact', '<sip:alice@10.0.0.1:5061;transport=tls>'],
      ...(options.headers ?? []),
    ],
    new TextEncoder().encode(options.body ?? ''),
  )
}
