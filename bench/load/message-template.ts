/** Ordinary chat, repeated to the length that is wanted. */
const CHAT = 'Can you look at the draft before lunch? The second page still has the old numbers, the rest should be fine by now. OK? '

/** Body of every benched message of one run. */
export function benchBody(bytes: number): string {
  return CHAT.repeat(Math.ceil(bytes / CHAT.length)).slice(0, bytes)
}

/** Octets of an ordinary message: one line of chat. */
export const USUAL_BODY_BYTES: number = CHAT.length

// Of each partner, and ours: nobody writes thousands of messages a second alone.
const SENDERS = 97
const RECIPIENTS = 89

/** A MESSAGE as a partner's edge sends it; about 600 octets with an ordinary body. Each has a Call-ID, branch and tag of its own. */
export function benchMessage(id: string, sequence: number, domain: string, body: string, toDomain = 'contoso.example'): string {
  const from = `bob${sequence % SENDERS}@${domain}`
  const to = `alice${sequence % RECIPIENTS}@${toDomain}`
  return `MESSAGE sip:${to} SIP/2.0\r\nVia: SIP/2.0/TLS edge.${domain}:5061;branch=z9hG4bK${id}\r\nMax-Forwards: 69\r\nFrom: "Bob B." <sip:${from}>;tag=t${id};epid=4af9ec9b31\r\nTo: <sip:${to}>\r\nCall-ID: ${id}@edge.${domain}\r\nCSeq: ${sequence} MESSAGE\r\nContact: <sip:${from}>\r\nUser-Agent: UCCP/2.0.6362.0 OC/2.0.6362.0\r\nSupported: timer\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** The same people, for those who do not write SIP. */
export function benchPeople(sequence: number, fromDomain: string, toDomain: string): { readonly from: string; readonly to: string } {
  return { from: `bob${sequence % SENDERS}@${fromDomain}`, to: `alice${sequence % RECIPIENTS}@${toDomain}` }
}
