import type { SipRequest } from '../message/sip-request.ts'

/** The headers that an ACK for a refusal and a CANCEL share with their INVITE (RFC 3261 §9.1, §17.1.1.3). */
export function hopHeaders(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [['Via', invite.headers.values('via')[0] ?? '']]
  for (const route of invite.headers.all('route')) headers.push(['Route', route])
  headers.push(
    ['Max-Forwards', '70'], // RFC 3261 §8.1.1.6: mandatory in every request; 70 because this one goes one hop only
    ['From', invite.headers.first('from') ?? ''],
    ['To', to],
    ['Call-ID', invite.callId() ?? ''],
    ['CSeq', `${invite.cseq()?.number ?? 0} ${method}`],
    ['Content-Length', '0'], // RFC 3261 §18.3: mandatory on stream transports
  )
  return headers
}
