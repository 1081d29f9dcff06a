import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ImContent } from '@gatehouse/im-model'
import { GateRig } from '../session/gate-rig.ts'
import { CPIM } from './content/cpim.ts'
import { IS_COMPOSING } from './content/typing.ts'
import { readContent } from './read-content.ts'
import { IM_SDP, JABBER, RigUser } from './sip-user-rig.ts'

const SESSION = { imMode: 'session', hasImdn: false } as const
const CONTACT = ['Contact', '<sip:alice@phone.contoso.example:5061;transport=tls>'] as const
const ACCEPTED = { headers: [CONTACT, ['Content-Type', 'application/sdp']] as const, body: IM_SDP }

function accepting(types: string): { headers: typeof ACCEPTED.headers; body: string } {
  return { headers: ACCEPTED.headers, body: `${IM_SDP}a=accept-types:${types}\r\n` }
}

function rigged(nextHop: { imMode: 'page' | 'session'; hasImdn: boolean } = SESSION): RigUser {
  return new RigUser(new GateRig({ policy: [JABBER], nextHop }))
}

function text(content: string, wants = false): ImContent {
  return { kind: 'message', messageId: 'm1', text: content, ...(wants ? { wants: ['delivered'] } : {}) }
}

function methods(alice: RigUser): string[] {
  return alice.link.requests().map((request) => request.method)
}

describe('a session that the gate opens', () => {
  it('begins with an INVITE; whoever writes meanwhile waits, in order; then goes on without one', async () => {
    const alice = rigged()
    const outcomes = await alice.hear(text('one'))
    await alice.hear(text('two'), outcomes)
    assert.deepEqual(methods(alice), ['INVITE'])
    assert.equal(outcomes.length, 0)
    await alice.answer(200, ACCEPTED)
    assert.deepEqual(methods(alice), ['INVITE', 'ACK', 'MESSAGE', 'MESSAGE'])
    const [, ack, first, second] = alice.link.requests()
    assert.equal(ack?.requestUri, 'sip:alice@phone.contoso.example:5061;transport=tls')
    assert.deepEqual([first?.cseq()?.number, second?.cseq()?.number], [2, 3])
    assert.deepEqual(
      [first, second].map((request) => Buffer.from(request?.body ?? []).toString()),
      ['one', 'two'],
    )
    assert.match(first?.headers.first('ms-edge-proxy-message-trust') ?? '', /verified/)
    await alice.answer(200)
    assert.equal(outcomes.length, 1, 'each has its own answer')
    await alice.hear(text('three'))
    assert.deepEqual(methods(alice).slice(4), ['MESSAGE'])
  })

  it('that is refused is the outcome of all that waited; where sessions are unknown, a page goes instead', async () => {
    const refused = rigged()
    const outcomes = await refused.hear(text('one'))
    await refused.answer(486)
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.code, outcome.sipStatus]),
      [['GH-PEER-SIP-AWAY', 486]],
    )
    const other = rigged()
    const paged = await other.hear(text('one'))
    await other.answer(488)
    assert.deepEqual(methods(other), ['INVITE', 'ACK', 'MESSAGE'])
    await other.answer(200)
    assert.deepEqual(
      paged.map((outcome) => outcome.status),
      ['delivered'],
    )
  })

  it('that nobody answers is cancelled before the asker gives up', async () => {
    const alice = rigged()
    const outcomes = await alice.hear(text('one'))
    await alice.answer(180)
    alice.rig.passTime(9_600)
    assert.deepEqual(methods(alice), ['INVITE', 'CANCEL'])
    const [invite] = alice.link.requests()
    await alice.answerTo(invite ?? assert.fail(), 487)
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.code, outcome.isCertain]),
      [['GH-PEER-NO-ANSWER', false]],
    )
  })

  it('ends with a BYE when nobody used it for long, and not before', async () => {
    const alice = rigged()
    await alice.hear(text('one'))
    await alice.answer(200, ACCEPTED)
    alice.rig.passTime(40_000)
    await alice.hear(text('two'))
    alice.rig.passTime(40_000)
    assert.equal(alice.rig.endpoint.openSessions(), 1)
    alice.rig.passTime(25_000)
    assert.equal(alice.rig.endpoint.openSessions(), 0)
    assert.equal(methods(alice).at(-1), 'BYE')
  })

  it('that a second phone accepted as well is ended there', async () => {
    const alice = rigged()
    await alice.hear(text('one'))
    await alice.answer(200, ACCEPTED)
    const [invite] = alice.link.requests()
    await alice.answerTo(invite ?? assert.fail(), 200, { ...ACCEPTED, toTag: 'tablet' })
    assert.deepEqual(methods(alice), ['INVITE', 'ACK', 'MESSAGE', 'ACK', 'BYE'])
    assert.equal(alice.link.requests().at(-1)?.to()?.tag, 'tablet')
  })

  it('makes room when there are too many', async () => {
    const alice = rigged()
    for (const name of ['a', 'b', 'c', 'd']) {
      const invite = new RigUser(alice.rig, alice.link, `${name}@contoso.example`)
      await invite.invite()
    }
    assert.equal(alice.rig.endpoint.openSessions(), 3)
    assert.deepEqual(methods(alice), ['BYE'])
  })
})

describe('a session that the SIP user opened', () => {
  it('takes what the other end says, although the next hop has pages otherwise', async () => {
    const alice = rigged({ imMode: 'page', hasImdn: false })
    const { dialog } = await alice.invite()
    const outcomes = await alice.hear(text('back'))
    const request = await alice.answer(200)
    assert.equal(request.callId(), dialog.id.callId)
    assert.equal(request.to()?.tag, dialog.id.localTag)
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
  })

  it('says typing and receipts as its end understands them', async () => {
    const old = rigged()
    await old.invite()
    await old.hear({ kind: 'typing', state: 'composing' })
    const info = await old.answer(200)
    assert.deepEqual([info.method, readContent(info, undefined)], ['INFO', { kind: 'typing', state: 'composing' }])
    const able = rigged()
    await able.invite({ body: accepting(`text/plain ${IS_COMPOSING} ${CPIM}`).body })
    await able.hear({ kind: 'typing', state: 'paused' })
    assert.deepEqual(readContent(await able.answer(200), undefined), { kind: 'typing', state: 'active' })
    await able.hear(text('with a receipt', true))
    assert.deepEqual(readContent(await able.answer(200), undefined), text('with a receipt', true))
    await able.hear({ kind: 'receipt', of: 'm7', state: 'delivered', code: '' })
    assert.deepEqual(readContent(await able.answer(200), undefined), { kind: 'receipt', of: 'm7', state: 'delivered', code: '' })
  })

  it('is begun anew when the phone has forgotten it: nothing is lost', async () => {
    const alice = rigged({ imMode: 'page', hasImdn: false })
    const { dialog } = await alice.invite()
    const outcomes = await alice.hear(text('still there?'))
    await alice.answer(481)
    const again = await alice.answer(200)
    assert.equal(again.to()?.tag, undefined)
    assert.notEqual(again.callId(), dialog.id.callId)
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
  })

  it('ends when the other end says so, and when the phone does', async () => {
    const alice = rigged()
    await alice.invite()
    const outcomes = await alice.hear({ kind: 'session', state: 'closed' })
    assert.equal((await alice.answer(200)).method, 'BYE')
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    assert.equal(alice.rig.endpoint.openSessions(), 0)
    const { dialog } = await alice.invite()
    await alice.inDialog(dialog, 'BYE')
    assert.equal(alice.rig.endpoint.openSessions(), 0)
  })
})
