import type { Attack } from './attack.ts'
import { attackMessage } from './attack-message.ts'
import type { CertificateName } from './certificate-cabinet.ts'
import { connectionAttacks } from './connection-attacks.ts'

const refusedCertificate = (attack: string, as: CertificateName | 'none', identityCode: string): Attack => ({
  attack,
  as,
  run: (peer) => peer.send(attackMessage()),
  answers: ['403', 'closed'],
  logged: ['GH-PEER-UNAUTHENTICATED', identityCode],
})

const refusedMessage = (
  attack: string,
  message: Parameters<typeof attackMessage>[0],
  status: string,
  code: string,
  as?: Attack['as'],
): Attack => ({
  attack,
  ...(as === undefined ? {} : { as }),
  run: (peer) => peer.send(attackMessage(message)),
  answers: [status],
  logged: [code],
})

/** Who is it? Issue: no certificate … intermediate missing. */
const identityAttacks: readonly Attack[] = [
  refusedCertificate('no certificate', 'none', 'GH-IDENTITY-NO-CERTIFICATE'),
  refusedCertificate('untrusted CA', 'untrusted', 'GH-IDENTITY-UNTRUSTED'),
  refusedCertificate('signed by itself', 'selfSigned', 'GH-IDENTITY-UNTRUSTED'),
  refusedCertificate('expired certificate', 'expired', 'GH-IDENTITY-EXPIRED'),
  refusedCertificate('certificate of tomorrow', 'notYetValid', 'GH-IDENTITY-NOT-YET-VALID'),
  refusedCertificate('revoked certificate', 'revoked', 'GH-IDENTITY-REVOKED'),
  refusedMessage('certificate of another host', {}, '403', 'GH-POLICY-SOURCE-CERTIFICATE', 'wrongName'),
  refusedMessage('wildcard certificate', {}, '403', 'GH-POLICY-SOURCE-CERTIFICATE', 'wildcard'),
  refusedCertificate('name constraint of the issuer violated', 'nameConstraint', 'GH-IDENTITY-NAME-CONSTRAINT'),
  refusedCertificate('intermediate missing from the chain', 'intermediateMissing', 'GH-IDENTITY-INTERMEDIATE-MISSING'),
]

/** May it? Issue: From of an internal domain … Route preloaded. */
const sourceAttacks: readonly Attack[] = [
  refusedMessage('From of an internal domain, from outside', { fromDomain: 'contoso.example' }, '403', 'GH-POLICY-SOURCE-INTERNAL'),
  refusedMessage('From of another partner’s domain', { fromDomain: 'litware.example' }, '403', 'GH-POLICY-SOURCE-CERTIFICATE'),
  refusedMessage(
    'P-Asserted-Identity of a domain that is not the peer’s',
    { extra: [['P-Asserted-Identity', '<sip:ceo@litware.example>']] },
    '403',
    'GH-POLICY-ASSERTED-DOMAIN',
  ),
  refusedMessage(
    'P-Asserted-Identity of an internal domain',
    { extra: [['P-Asserted-Identity', '<sip:ceo@contoso.example>']] },
    '403',
    'GH-POLICY-ASSERTED-DOMAIN',
  ),
  refusedMessage('unknown domain', { fromDomain: 'unknown.example' }, '403', 'GH-POLICY-SOURCE-UNKNOWN'),
  refusedMessage('blocked domain', { fromDomain: 'blocked.example' }, '403', 'GH-POLICY-BLOCKED', 'blocked'),
  refusedMessage('subdomain of a blocked domain', { fromDomain: 'sub.blocked.example' }, '403', 'GH-POLICY-BLOCKED', 'blocked'),
  refusedMessage('relay attempt to a third domain', { to: 'victim@litware.example' }, '403', 'GH-POLICY-RELAY'),
  refusedMessage('to a domain below ours that is not internal', { to: 'alice@sub.contoso.example' }, '403', 'GH-POLICY-RELAY'),
  refusedMessage(
    'Route preloaded by an untrusted peer',
    { extra: [['Route', '<sip:home.contoso.example:5061;transport=tls;lr>']] },
    '403',
    'GH-PEER-ROUTE-PRELOADED',
  ),
  {
    attack: 'a To tag and a forged route token in place of a dialog',
    run: (peer, arena) =>
      peer.send(
        attackMessage({
          method: 'INFO',
          extra: [['Route', `<sip:edge.contoso.example:${arena.external.port};transport=tls;gh=AAAAAAAAAAAAAAAAAAAA;lr>`]],
        }).replace('To: <sip:alice@contoso.example>', 'To: <sip:alice@contoso.example>;tag=guess'),
      ),
    answers: ['481'],
    logged: ['GH-PEER-ROUTE-INVALID'],
  },
]

/** Is it well formed? Issue: Max-Forwards 0 … request smuggling. */
const messageAttacks: readonly Attack[] = [
  refusedMessage('Max-Forwards 0', { maxForwards: '0' }, '483', 'GH-SIP-TOO-MANY-HOPS'),
  {
    // What the gate sent out comes back to it from inside unchanged, as when two servers are set up to send to each other.
    attack: 'loop',
    as: 'inside',
    run: async (peer, arena) => {
      peer.send(attackMessage({ fromDomain: 'contoso.example', to: 'bob@fabrikam.example' }))
      await peer.waitForEvents(1)
      peer.send(arena.lastOutside())
    },
    answers: ['200', '482'],
    logged: ['GH-SIP-LOOP'],
  },
  {
    attack: 'Content-Length that is no number',
    run: (peer) => peer.send(attackMessage({ contentLength: 'lots' })),
    answers: ['400', 'closed'],
    logged: ['GH-SIP-CONTENT-LENGTH'],
  },
  {
    attack: 'negative Content-Length',
    run: (peer) => peer.send(attackMessage({ contentLength: '-5' })),
    answers: ['400', 'closed'],
    logged: ['GH-SIP-CONTENT-LENGTH'],
  },
  {
    attack: 'huge Content-Length',
    run: (peer) => peer.send(attackMessage({ contentLength: '99999999999' })),
    answers: ['413', 'closed'],
    logged: ['GH-SIP-BODY-SIZE'],
  },
  {
    attack: '10,000 headers',
    run: (peer) => peer.send(attackMessage({ extra: Array.from({ length: 10_000 }, (_, index) => [`X${index}`, 'y'] as const) })),
    answers: ['closed'],
    logged: ['GH-SIP-HEAD-SIZE'],
  },
  {
    attack: 'a header of 1 MB',
    run: (peer) => peer.send(attackMessage({ extra: [['Subject', 'x'.repeat(1_048_576)]] })),
    answers: ['closed'],
    logged: ['GH-SIP-HEAD-SIZE'],
  },
  {
    attack: 'NUL bytes in the head',
    run: (peer) => peer.send(attackMessage({ extra: [['Subject', 'a\0b']] })),
    answers: ['400'],
    logged: ['GH-SIP-CONTROL-CHARACTER'],
  },
  {
    attack: 'two Content-Lengths that differ',
    run: (peer) => peer.send(attackMessage({ extra: [['Content-Length', '500']] })),
    answers: ['400', 'closed'],
    logged: ['GH-SIP-CONTENT-LENGTH'],
  },
  {
    attack: 'two Content-Lengths, one of them compact',
    run: (peer) => peer.send(attackMessage({ extra: [['l', '500']] })),
    answers: ['400', 'closed'],
    logged: ['GH-SIP-CONTENT-LENGTH'],
  },
  {
    // The announced body ends early; what follows is a request of its own and is judged as one, with its forged sender.
    attack: 'request smuggled behind a short Content-Length',
    run: (peer) => peer.send(attackMessage({ body: 'hello', contentLength: '5' }) + attackMessage({ fromDomain: 'contoso.example' })),
    answers: ['403', '200'],
    logged: ['GH-POLICY-SOURCE-INTERNAL'],
    delivered: 1,
  },
  {
    // The announced body is longer than what was meant as body: the second request is swallowed as text, never as a request.
    attack: 'request smuggled inside a long Content-Length',
    run: (peer) => {
      const hidden = attackMessage({ fromDomain: 'contoso.example' })
      peer.send(attackMessage({ body: `hello${hidden}` }))
    },
    answers: ['200'],
    logged: [],
    delivered: 1,
  },
  {
    attack: 'no Content-Length at all',
    run: (peer) => peer.send(attackMessage().replace(/Content-Length: \d+\r\n/, '')),
    answers: ['400', 'closed'],
    logged: ['GH-SIP-CONTENT-LENGTH'],
  },
  {
    // Not an attack: an LCS edge asks for compression first, and must find the connection alive after the refusal.
    attack: 'NEGOTIATE as the first request of a connection',
    run: async (peer) => {
      peer.send(attackMessage({ method: 'NEGOTIATE', extra: [['Compression', 'LZ77-8K']] }))
      await peer.waitForEvents(1)
      peer.send(attackMessage())
    },
    answers: ['405', '200'],
    logged: ['GH-PEER-METHOD-HOP-BY-HOP'],
    delivered: 1,
  },
  {
    // Octets that are no UTF-8 are the sender's business in a body, and no reason to forget one header of the rest.
    attack: 'a body that is no UTF-8',
    run: (peer) => peer.send(attackMessage({ body: '\xc3(\xff\xfe\xed\xa0\x80', contentLength: '7' })),
    answers: ['200'],
    logged: [],
    delivered: 1,
  },
  {
    attack: 'a header that is no UTF-8',
    run: (peer) => peer.send(attackMessage({ extra: [['Subject', 'caf\xe9 \xff\xfe']] })),
    answers: ['200'],
    logged: [],
    delivered: 1,
  },
  {
    attack: 'a body larger than the limit',
    run: (peer) => peer.send(attackMessage({ body: 'x'.repeat(1_048_577) })),
    answers: ['413', 'closed'],
    logged: ['GH-SIP-BODY-SIZE'],
  },
  {
    attack: 'another protocol altogether',
    run: (peer) => peer.send('GET / HTTP/1.1\r\nHost: edge.contoso.example\r\n\r\n'),
    answers: ['closed'],
    logged: ['GH-SIP-NOT-SIP'],
  },
]

/** Every attack of the list, one row each, in its order. */
export const attacks: readonly Attack[] = [...identityAttacks, ...sourceAttacks, ...messageAttacks, ...connectionAttacks]
