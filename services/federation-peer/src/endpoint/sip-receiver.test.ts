import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { failedOutcome, queuedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { peerCodes } from '../errors.ts'
import { GateRig } from '../session/gate-rig.ts'
import { renderCpim } from './content/cpim.ts'
import { IMDN, renderImdn } from './content/imdn.ts'
import { IS_COMPOSING, renderIsComposing, renderKeyboardActivity } from './content/typing.ts'
import { ALICE, BOB, JABBER, RigUser } from './sip-user-rig.ts'

const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const PHONE = ['Contact', '<sip:alice@phone.contoso.example:5061>'] as const
const PARTIES = { from: `sip:${ALICE}`, to: `sip:${BOB}`, atMs: 0 }

const LINKS_BLOCKED: PolicyObject = {
  kind: 'ContentFilter',
  name: 'links',
  spec: {
    links: { action: 'block', extraPrefixes: [], ignoreLocal: true, localDomains: [], warnText: '', blockExtensions: true },
    files: { action: 'off', extensions: [] },
    patterns: [],
    scope: { directions: [], peerClasses: [], partners: [] },
    mode: 'enforce',
  },
}

function user(options: ConstructorParameters<typeof GateRig>[0] = {}): RigUser {
  return new RigUser(new GateRig({ ...options, policy: [JABBER, ...(options.policy ?? [])] }))
}

function failed(sipStatus: number, isCertain = true): DeliveryOutcome {
  return failedOutcome(peerCodes, 'GH-PEER-SIP-FAILED', 'the network said so', { sipStatus, isCertain })
}

describe('a message for somebody on a network', () => {
  it('is recorded, becomes an envelope under the record’s id, and its outcome is the answer', async () => {
    const alice = user()
    const answer = await alice.say('MESSAGE', { headers: [...PLAIN, ['Subject', 'plans']], body: 'Grüße' })
    assert.equal(answer.status, 200)
    assert.match(
      answer.headers.first('ms-edge-proxy-message-trust') ?? '',
      /^ms-source-type=AuthorizedServer;.*ms-remote-fqdn=jabber\.example$/,
    )
    assert.ok(alice.rig.archived().length >= 1)
    const [delivery] = alice.rig.handedOver
    const { id, conversation, receivedAtMs, ...rest } = delivery?.envelope ?? assert.fail()
    assert.equal(id.byteLength, 16)
    assert.match(conversation, /^call-\d+@phone/)
    assert.equal(receivedAtMs, 1_000_000)
    assert.deepEqual(rest, {
      from: { user: 'alice', domain: 'contoso.example' },
      to: { user: 'bob', domain: 'jabber.example' },
      content: { kind: 'message', messageId: '', text: 'Grüße', subject: 'plans' },
    })
    assert.deepEqual(delivery?.destination, { to: 'network', network: 'jabber', protocol: 'xmpp', domain: 'jabber.example' })
    assert.equal(delivery?.decision.direction, 'outbound')
    assert.equal(alice.rig.inside.requests().length + alice.rig.partnerLink.requests().length, 0)
    assert.equal(alice.rig.session.layer.openServerTransactions(), 0)
  })

  it('keeps its language, where it names one (RFC 7572 §8)', async () => {
    const alice = user()
    for (const language of ['de-CH, en', 'no language at all']) {
      const headers = [...PLAIN, ['Content-Language', language]] as const
      assert.equal((await alice.say('MESSAGE', { headers, body: 'Grüezi' })).status, 200)
    }
    const [first, second] = alice.rig.handedOver.map(({ envelope: { content } }) => content)
    assert.deepEqual(first, { kind: 'message', messageId: '', text: 'Grüezi', language: 'de-CH' })
    assert.deepEqual(second, { kind: 'message', messageId: '', text: 'Grüezi' })
  })

  it('is not handed over before it is on record', async () => {
    const alice = user()
    alice.rig.isArchiveAway = true
    assert.equal((await alice.say('MESSAGE', { headers: PLAIN, body: 'x' })).status, 503)
    assert.equal(alice.rig.handedOver.length, 0)
  })

  for (const [outcome, method, status] of [
    [sentOutcome(), 'MESSAGE', 200],
    [queuedOutcome(), 'MESSAGE', 202],
    [failed(404), 'MESSAGE', 404],
    [failed(480), 'MESSAGE', 480],
    [failed(408, false), 'MESSAGE', 504],
    [failed(503), 'MESSAGE', 504],
    [failed(0), 'MESSAGE', 500],
  ] as const) {
    it(`that came to ${outcome.status} ${outcome.sipStatus} is answered ${status}`, async () => {
      const alice = user()
      alice.rig.outcome = () => outcome
      const answer = await alice.say(method, { headers: PLAIN, body: 'x' })
      assert.equal(answer.status, status)
      if (outcome.status === 'failed') assert.match(answer.headers.first('ms-diagnostics') ?? '', /code="GH-PEER-SIP-FAILED"/)
    })
  }

  it('is refused when it is nothing that others could be given, and the answer lists what is', async () => {
    for (const [type, body] of [
      ['image/png', 'x'],
      ['text/x-msmsgsinvite', 'Application-Name: File Transfer'],
      ['message/cpim', 'x'],
      [IS_COMPOSING, '<isComposing'],
    ] as const) {
      const alice = user()
      const answer = await alice.say('MESSAGE', { headers: [['Content-Type', type]], body })
      assert.equal(answer.status, 415, type)
      assert.match(answer.headers.first('Accept') ?? '', /text\/plain/)
      assert.equal(alice.rig.handedOver.length, 0)
    }
    const answer = await user().say('MESSAGE', { headers: [...PLAIN, ['Content-Encoding', 'gzip']], body: 'x' })
    assert.equal(answer.status, 415)
  })

  it('with a receipt wanted keeps its id, and receipts and typing go as what they are and on no record', async () => {
    const alice = user()
    const wanting = renderCpim({ ...PARTIES, messageId: 'm1', wants: ['displayed'] }, 'text/plain', Buffer.from('hi'))
    const receipt = renderCpim(PARTIES, IMDN, renderImdn({ kind: 'receipt', of: 'm0', state: 'displayed', code: '' }, `sip:${ALICE}`, 0))
    await alice.say('MESSAGE', { headers: [['Content-Type', 'message/cpim']], body: wanting })
    await alice.say('MESSAGE', { headers: [['Content-Type', 'message/cpim']], body: receipt })
    await alice.say('MESSAGE', {
      headers: [['Content-Type', IS_COMPOSING]],
      body: renderIsComposing({ kind: 'typing', state: 'composing' }),
    })
    assert.deepEqual(
      alice.rig.handedOver.map(({ envelope }) => envelope.content),
      [
        { kind: 'message', messageId: 'm1', text: 'hi', wants: ['displayed'] },
        { kind: 'receipt', of: 'm0', state: 'displayed', code: '' },
        { kind: 'typing', state: 'composing', refreshS: 120 },
      ],
    )
    const entries = alice.rig.archived().filter((record) => fromBinary(ArchiveRecordSchema, record).content.case === 'entry')
    assert.equal(entries.length, 1)
  })

  it('with a method that says nothing elsewhere is refused with the list of those that do', async () => {
    const answer = await user().say('PUBLISH', {})
    assert.deepEqual([answer.status, /MESSAGE/.test(answer.headers.first('Allow') ?? '')], [405, true])
  })
})

describe('from a partner, for a home system that speaks XMPP', () => {
  const home = {
    kind: 'InternalDomain',
    name: 'xmpp-home',
    spec: { domain: 'jabber.contoso.example', subdomains: false, homeSystem: 'xmpp' },
  } as const

  it('is handed to it; a user who is not there looks like one who may not be reached', async () => {
    const rig = new GateRig({ policy: [home] })
    const carol = new RigUser(rig, rig.open('external', ['sip.fabrikam.example']), 'carol@fabrikam.example', 'dora@jabber.contoso.example')
    assert.equal((await carol.say('MESSAGE', { headers: PLAIN, body: 'x' })).status, 200)
    assert.deepEqual(rig.handedOver[0]?.destination, { to: 'inside', domain: 'jabber.contoso.example', port: 'xmpp' })
    rig.outcome = () => failed(403)
    const answer = await carol.say('MESSAGE', { headers: PLAIN, body: 'x' })
    assert.deepEqual(
      [answer.status, answer.headers.has('ms-diagnostics'), answer.headers.has('ms-edge-proxy-message-trust')],
      [404, false, false],
    )
  })
})

describe('a session with somebody on a network', () => {
  it('carries its first message in the INVITE, more both ways, typing, and its end', async () => {
    const alice = user()
    const first = `text/plain; charset=UTF-8;ms-body=${Buffer.from('hello').toString('base64')}`
    const { answer, dialog } = await alice.invite({ headers: [['ms-text-format', first]] })
    assert.equal(answer.headers.first('Supported'), 'ms-text-format')
    assert.match(Buffer.from(answer.body).toString(), /m=message 5061 sip sip:bob@jabber\.example/)
    assert.match(dialog.remoteTarget, /^sip:bob@gate\.contoso\.example:5061;transport=tls;gh=/)
    await alice.inDialog(dialog, 'INFO', {
      headers: [['Content-Type', 'application/xml']],
      body: Buffer.from(renderKeyboardActivity({ kind: 'typing', state: 'composing' })),
    })
    assert.equal((await alice.inDialog(dialog, 'MESSAGE', { headers: PLAIN, body: 'again' })).status, 200)
    assert.equal((await alice.inDialog(dialog, 'BYE')).status, 200)
    assert.deepEqual(
      alice.rig.handedOver.map(({ envelope }) => envelope.content),
      [
        { kind: 'message', messageId: '', text: 'hello' },
        { kind: 'typing', state: 'composing' },
        { kind: 'message', messageId: '', text: 'again' },
        { kind: 'session', state: 'closed' },
      ],
    )
    assert.equal(new Set(alice.rig.handedOver.map(({ envelope }) => envelope.conversation)).size, 1)
    assert.equal(alice.rig.endpoint.openSessions(), 0)
  })

  it('is opened without words for a network that knows no sessions, and not for somebody who is not there', async () => {
    const alice = user()
    alice.rig.outcome = () => failed(501)
    await alice.invite()
    alice.rig.outcome = () => failed(404)
    const answer = await alice.say('INVITE', {
      headers: [
        ['Contact', '<sip:alice@phone>'],
        ['Content-Type', 'application/sdp'],
      ],
      body: 'm=message 1 sip null\r\n',
    })
    assert.equal(answer.status, 404)
    assert.equal(alice.rig.endpoint.openSessions(), 1)
  })

  it('takes the first message from the body where a client puts it there, on record', async () => {
    const alice = user()
    const answer = await alice.say('INVITE', { headers: [['Contact', '<sip:alice@phone>'], ...PLAIN], body: 'hello' })
    assert.equal(answer.status, 200)
    assert.deepEqual(alice.rig.handedOver[0]?.envelope.content, { kind: 'message', messageId: '', text: 'hello' })
    assert.ok(alice.rig.archived().some((record) => Buffer.from(record).includes('hello')))
  })

  it('of calls or of MSRP is refused', async () => {
    for (const line of ['m=audio 49170 RTP/AVP 0', 'm=message 7654 TCP/MSRP *']) {
      const answer = await user().say('INVITE', {
        headers: [
          ['Contact', '<sip:alice@phone>'],
          ['Content-Type', 'application/sdp'],
        ],
        body: `v=0\r\n${line}\r\n`,
      })
      assert.equal(answer.status, 488)
    }
    assert.equal((await user().say('INVITE', { headers: [['Content-Type', 'multipart/mixed;boundary=b']], body: '--b' })).status, 488)
  })

  it('goes on in another replica with the same key, and ends cleanly where the key is another', async () => {
    const alice = user()
    const { dialog } = await alice.invite()
    const sibling = user()
    const answer = await sibling.inDialog(dialog, 'MESSAGE', { headers: PLAIN, body: 'still there?' })
    assert.equal(answer.status, 200)
    assert.equal(sibling.rig.handedOver.length, 1)
    const forged = dialog.createRequest('MESSAGE', PLAIN).request
    forged.headers.prepend('Via', 'SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKforged')
    forged.requestUri = forged.requestUri.replace(/gh=./, 'gh=_')
    assert.equal((await sibling.send(forged)).status, 481)
    assert.equal(sibling.rig.handedOver.length, 1)
  })

  it('does not end with an answer that only says that somebody is away (RFC 5057)', async () => {
    const alice = user()
    const { dialog } = await alice.invite()
    alice.rig.outcome = () => failed(480)
    assert.equal((await alice.inDialog(dialog, 'MESSAGE', { headers: PLAIN, body: 'x' })).status, 504)
  })

  it('takes nothing twice or out of order', async () => {
    const alice = user()
    const { dialog } = await alice.invite()
    const request = dialog.createRequest('MESSAGE', PLAIN, { body: Buffer.from('x') }).request
    const again = request.copy()
    request.headers.prepend('Via', 'SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKonce')
    again.headers.prepend('Via', 'SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKtwice')
    assert.equal((await alice.send(request)).status, 200)
    assert.equal((await alice.send(again)).status, 500)
    assert.equal(alice.rig.handedOver.length, 2, 'the opening and one message')
  })

  it('is decided on with each message', async () => {
    const alice = user({ policy: [LINKS_BLOCKED] })
    const { dialog } = await alice.invite()
    assert.equal((await alice.inDialog(dialog, 'MESSAGE', { headers: PLAIN, body: 'see http://x.example/' })).status, 606)
    assert.equal((await alice.inDialog(dialog, 'MESSAGE', { headers: PLAIN, body: 'no harm' })).status, 200)
  })

  it('needs no words to be kept alive, nor a description to begin', async () => {
    const alice = user()
    const { dialog } = await alice.invite({ headers: [], body: '' })
    for (const method of ['INVITE', 'UPDATE'])
      assert.equal((await alice.inDialog(dialog, method, { headers: [PHONE] })).status, 200, method)
    assert.deepEqual(
      alice.rig.handedOver.map(({ envelope }) => envelope.content),
      [{ kind: 'session', state: 'open' }],
    )
  })

  it('that nobody asked us for does not exist', async () => {
    const alice = user()
    const request = alice.request('MESSAGE', { headers: PLAIN, body: 'x' })
    request.headers.set('To', `<sip:${BOB}>;tag=nobody`)
    assert.equal((await alice.send(request)).status, 481)
  })
})
