import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { testSurroundings } from '../testing/surroundings.ts'
import { ns } from '../xml/namespaces.ts'
import { type IncomingOptions, IncomingStream } from './incoming-stream.ts'
import type { StreamEvent } from './stream-types.ts'

const HEADER = `<stream:stream xmlns='${ns.server}' xmlns:stream='${ns.streams}' xmlns:db='${ns.dialback}'`
const OPEN = `<?xml version='1.0'?>${HEADER} from='contoso.example' to='fabrikam.example' version='1.0'>`
const AUTH = `<auth xmlns='${ns.sasl}' mechanism='EXTERNAL'>${Buffer.from('contoso.example').toString('base64')}</auth>`
const MESSAGE = "<message from='alice@contoso.example' to='bob@fabrikam.example'><body>x</body></message>"

class Rig {
  readonly stream: IncomingStream
  readonly events: StreamEvent[] = []
  written = ''

  /** A stream that is secure already, with a certificate of contoso.example. */
  constructor(options: Partial<IncomingOptions> = {}) {
    this.stream = new IncomingStream(
      testSurroundings(),
      {
        isHosted: (domain) => domain === 'fabrikam.example',
        startTls: false,
        certifies: (domain) => domain === 'contoso.example',
        allowDialback: true,
        offerBidi: true,
        offerManagement: true,
        takeSession: () => undefined,
        ...options,
      },
      0,
    )
  }

  say(text: string): this {
    this.stream.handleData(Buffer.from(text), 0)
    this.written += this.stream.takeWrite()
    for (let event = this.stream.takeEvent(); event !== undefined; event = this.stream.takeEvent()) this.events.push(event)
    return this
  }

  /** The stream error that it ended with; 'open' while it has not. */
  get end(): string {
    const last = this.events.at(-1)
    return last?.kind === 'closed' ? (last.closing.condition ?? 'in order') : 'open'
  }

  count(kind: StreamEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length
  }
}

function authenticated(options: Partial<IncomingOptions> = {}): Rig {
  return new Rig(options).say(OPEN).say(AUTH).say(OPEN)
}

/** What is said right after connecting, and the stream error for it. */
const HEADERS: readonly (readonly [why: string, text: string, condition: string])[] = [
  ['a stream to a domain that is not ours', OPEN.replace('fabrikam.example', 'other.example'), 'host-unknown'],
  ['a stream to nobody', OPEN.replace(" to='fabrikam.example'", ''), 'host-unknown'],
  ['a stream to a user', OPEN.replace('fabrikam.example', 'bob@fabrikam.example'), 'host-unknown'],
  ['a stream from our own domain', OPEN.replace('contoso.example', 'fabrikam.example'), 'invalid-from'],
  ['a stream from a user', OPEN.replace('contoso.example', 'alice@contoso.example'), 'improper-addressing'],
  ['a stream from something that is no domain', OPEN.replace('contoso.example', 'a b'), 'improper-addressing'],
  ['a stream without version', OPEN.replace(" version='1.0'>", '>'), 'unsupported-version'],
  ['a stream of clients', OPEN.replace(ns.server, ns.client), 'invalid-namespace'],
  ['a stanza before authentication', OPEN + MESSAGE, 'not-authorized'],
  ['an unknown element before authentication', `${OPEN}<hello xmlns='urn:example:x'/>`, 'not-authorized'],
  ['10,001 characters before authentication', `${OPEN}<message>${'x'.repeat(10_001)}`, 'policy-violation'],
  ['a dialback for our own domain', `${OPEN}<db:result from='fabrikam.example' to='fabrikam.example'>key</db:result>`, 'invalid-from'],
  ['a dialback without domains', `${OPEN}<db:result>key</db:result>`, 'improper-addressing'],
]

for (const [why, text, condition] of HEADERS) {
  test(`${why}: ${condition}, within a stream of ours`, () => {
    const rig = new Rig().say(text)
    assert.equal(rig.end, condition)
    // RFC 6120 §4.9.1.2: a header first, then the error, then the end.
    assert.match(rig.written, new RegExp(`^<\\?xml version='1.0'\\?><stream:stream .*<stream:error><${condition} .*</stream:stream>$`))
  })
}

/** What a server says after its certificate proved it to be contoso.example. */
const STANZAS: readonly (readonly [why: string, text: string, condition: string])[] = [
  ['a stanza of somebody else', MESSAGE.replace('contoso', 'tailspin'), 'invalid-from'],
  ['a stanza of a subdomain', MESSAGE.replace('contoso', 'it.contoso'), 'invalid-from'],
  ['a stanza of one of us', MESSAGE.replace('alice@contoso', 'bob@fabrikam'), 'invalid-from'],
  ['a stanza for a domain that is not ours', MESSAGE.replace('bob@fabrikam', 'bob@other'), 'host-unknown'],
  ['a stanza from nobody', MESSAGE.replace(" from='alice@contoso.example'", ''), 'improper-addressing'],
  ['a stanza to nobody', MESSAGE.replace(" to='bob@fabrikam.example'", ''), 'improper-addressing'],
  ['a stanza whose address is none', MESSAGE.replace('alice', 'al ice'), 'improper-addressing'],
  ['a stanza of an unknown kind', MESSAGE.replaceAll('message', 'massage'), 'unsupported-stanza-type'],
  ['a second header', OPEN.slice(OPEN.indexOf('<stream')), 'unsupported-stanza-type'],
  ['a second XML document', OPEN, 'restricted-xml'],
  ['authentication again', AUTH, 'policy-violation'],
  [
    'an acknowledgement of what was never sent',
    `<enable xmlns='${ns.management}'/><a xmlns='${ns.management}' h='5'/>`,
    'undefined-condition',
  ],
]

for (const [why, text, condition] of STANZAS) {
  test(`${why} in a valid stream: ${condition}`, () => {
    const rig = authenticated()
    assert.equal(rig.end, 'open')
    const before = rig.count('stanza')
    rig.say(MESSAGE + text + MESSAGE)
    assert.equal(rig.count('stanza') - before, 1, 'what came before counts, what comes behind does not')
    assert.equal(rig.end, condition)
  })
}

/** SASL EXTERNAL: who may be who (XEP-0178 §3). */
const AUTHS: readonly (readonly [why: string, auth: string, answer: RegExp])[] = [
  ['the domain of the stream', AUTH, /<success/],
  ['no name: that of the stream', AUTH.replace(/>.*</, '>=<'), /<success/],
  ['another domain', AUTH.replace(/>.*</, `>${Buffer.from('tailspin.example').toString('base64')}<`), /<invalid-authzid/],
  ['our domain', AUTH.replace(/>.*</, `>${Buffer.from('fabrikam.example').toString('base64')}<`), /<invalid-authzid/],
  ['a user', AUTH.replace(/>.*</, `>${Buffer.from('alice@contoso.example').toString('base64')}<`), /<invalid-authzid/],
  ['no base64', AUTH.replace(/>.*</, '>!!!<'), /<incorrect-encoding/],
  ['another mechanism', AUTH.replace('EXTERNAL', 'PLAIN'), /<invalid-mechanism/],
]

for (const [why, auth, answer] of AUTHS) {
  test(`SASL EXTERNAL as ${why}`, () => assert.match(new Rig().say(OPEN).say(auth).written, answer))
}

test('SASL EXTERNAL without a certificate for the domain is neither offered nor taken', () => {
  const rig = new Rig({ certifies: () => false }).say(OPEN)
  assert.doesNotMatch(rig.written, /EXTERNAL/)
  assert.match(rig.say(AUTH).written, /<not-authorized/)
})

test('three attempts at authentication, then the end (RFC 6120 §6.4.5)', () => {
  const rig = new Rig().say(OPEN)
  const wrong = AUTH.replace('EXTERNAL', 'PLAIN')
  assert.equal(rig.say(wrong).say(wrong).end, 'open')
  assert.equal(rig.say(wrong).end, 'policy-violation')
})

test('after SASL the new stream is from the same domain', () => {
  const rig = new Rig().say(OPEN).say(AUTH).say(OPEN.replace('contoso', 'tailspin'))
  assert.equal(rig.end, 'invalid-from')
})

test('dialback where only certificates count is refused, the stream stays', () => {
  const rig = new Rig({ allowDialback: false, certifies: () => false }).say(OPEN)
  rig.say("<db:result from='contoso.example' to='fabrikam.example'>key</db:result>")
  assert.match(rig.written, /<db:result [^>]*type='error'><error .*not-authorized/)
  assert.deepEqual([rig.count('verifyDialback'), rig.end], [0, 'open'])
})

test('dialbacks under way are bounded', () => {
  const rig = new Rig({ certifies: () => false }).say(OPEN)
  for (let count = 0; count <= 32; count += 1) rig.say(`<db:result from='d${count}.example' to='fabrikam.example'>key</db:result>`)
  assert.equal(rig.end, 'resource-constraint')
  assert.equal(rig.count('verifyDialback'), 32)
})

test('a certificate in place of dialback: other domains that it names are let in without a question', () => {
  const rig = new Rig({ certifies: (domain) => domain.endsWith('contoso.example') }).say(OPEN).say(AUTH).say(OPEN)
  rig.say("<db:result from='it.contoso.example' to='fabrikam.example'>key</db:result>")
  rig.say(MESSAGE.replace('contoso', 'it.contoso'))
  assert.deepEqual([rig.count('verifyDialback'), rig.count('stanza'), rig.end], [0, 1, 'open'])
})
