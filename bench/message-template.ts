/** Body of every benched message: 120 octets of ordinary chat. */
const BODY = 'Can you look at the draft before lunch? The second page still has the old numbers, the rest should be fine by now. OK? '

/** A MESSAGE as a partner's edge sends it; about 600 octets. Every one has a Call-ID, branch and tag of its own. */
export function benchMessage(run: string, connection: number, sequence: number): string {
  const id = `${run}-${connection}-${sequence}`
  return `MESSAGE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS edge.fabrikam.example:5061;branch=z9hG4bK${id}\r\nMax-Forwards: 69\r\nFrom: "Bob B." <sip:bob@fabrikam.example>;tag=t${id};epid=4af9ec9b31\r\nTo: <sip:alice@contoso.example>\r\nCall-ID: ${id}@edge.fabrikam.example\r\nCSeq: ${sequence} MESSAGE\r\nContact: <sip:bob@fabrikam.example>\r\nUser-Agent: UCCP/2.0.6362.0 OC/2.0.6362.0\r\nSupported: timer\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
}

export const BENCH_BODY_BYTES: number = BODY.length
