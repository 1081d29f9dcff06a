import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, PresenceEvent } from '@gatehouse/im-model'
import { createRequest, Dialog, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import fc from 'fast-check'
import { peerCodes } from '../../errors.ts'
import { GateRig } from '../../session/gate-rig.ts'
import { PIDF, readPresence, renderPidf } from '../content/pidf.ts'
import { ALICE, JABBER, RigUser } from '../sip-user-rig.ts'
import { readSubscriptionState } from './subscription-state.ts'

const PHONE = ['Contact', '<sip:alice@phone.contoso.example:5061;transport=tls>'] as const
const EVENT = ['Event', 'presence'] as const

function alice(): RigUser {
  return new RigUser(new GateRig({ policy: [JABBER] }))
}

/** Bob’s network says something about his presence, or asks about Alice’s. */
function say(user: RigUser, event: Omit<PresenceEvent, 'kind'>, outcomes: DeliveryOutcome[] = []): Promise<DeliveryOutcome[]> {
  return user.hear({ kind: 'presence', ...event }, outcomes)
}

function said(user: RigUser): unknown[] {
  return user.rig.handedOver.map(({ envelope }) => (envelope.content.kind === 'presence' ? envelope.content.type : envelope.content.kind))
}

function stateOf(request: SipRequest | undefined): string {
  return request?.headers.first('Subscription-State') ?? ''
}

describe('a SIP user watches somebody on a network (RFC 8048 §5.3)', () => {
  async function subscribe(user: RigUser, expires = '600'): Promise<Dialog> {
    const request = user.request('SUBSCRIBE', { headers: [EVENT, PHONE, ['Expires', expires]] })
    const answer = await user.send(request)
    assert.deepEqual([answer.status, answer.headers.first('Expires')], [200, expires])
    return Dialog.ofSent(request, answer) ?? assert.fail('no dialog')
  }

  it('asks for consent, is told that it is awaited, then what there is to see', async () => {
    const user = alice()
    await subscribe(user)
    assert.deepEqual(said(user), ['subscribe'])
    const pending = await user.answer(200)
    assert.deepEqual([pending.method, stateOf(pending), pending.body.byteLength], ['NOTIFY', 'pending;expires=600', 0])
    await say(user, { type: 'subscribed' })
    const agreed = await user.answer(200)
    assert.equal(stateOf(agreed), 'active;expires=600')
    assert.deepEqual(readPresence(agreed.body), { kind: 'presence', type: 'unavailable' })
    const outcomes = await say(user, { type: 'available', show: 'away', note: 'lunch' })
    const seen = await user.answer(200)
    assert.deepEqual(readPresence(seen.body), { kind: 'presence', type: 'available', show: 'away', note: 'lunch' })
    assert.equal(seen.headers.first('Event'), 'presence')
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    assert.deepEqual(
      [pending, agreed, seen].map((notify) => notify.cseq()?.number),
      [1, 2, 3],
    )
  })

  it('is told again at each refresh, and the last time when it ends it', async () => {
    const user = alice()
    const dialog = await subscribe(user)
    await user.answer(200)
    await say(user, { type: 'available' })
    await user.answer(200)
    const again = await user.inDialog(dialog, 'SUBSCRIBE', { headers: [EVENT, PHONE, ['Expires', '300']] })
    assert.equal(again.status, 200)
    assert.equal(stateOf(await user.answer(200)), 'active;expires=300')
    await user.inDialog(dialog, 'SUBSCRIBE', { headers: [EVENT, PHONE, ['Expires', '0']] })
    assert.equal(stateOf(await user.answer(200)), 'terminated;reason=timeout')
    assert.deepEqual(said(user), ['subscribe', 'unsubscribe'])
    assert.equal((await user.inDialog(dialog, 'SUBSCRIBE', { headers: [EVENT, PHONE] })).status, 481)
  })

  it('is told when it is refused, or not refreshed, or the phone has forgotten it', async () => {
    const refused = alice()
    await subscribe(refused)
    await refused.answer(200)
    await say(refused, { type: 'unsubscribed' })
    const last = await refused.answer(200)
    assert.deepEqual([stateOf(last), last.body.byteLength], ['terminated;reason=rejected', 0])
    const late = alice()
    await subscribe(late, '60')
    await late.answer(200)
    late.rig.passTime(61_000)
    assert.equal(stateOf(await late.answer(200)), 'terminated;reason=timeout')
    const gone = alice()
    await subscribe(gone)
    await gone.answer(481)
    const outcomes = await say(gone, { type: 'available' })
    assert.deepEqual(
      outcomes.map((outcome) => outcome.code),
      ['GH-PEER-SIP-NOTHING'],
    )
  })

  it('may ask once, and hears what the network knows', async () => {
    const user = alice()
    await subscribe(user, '0')
    assert.deepEqual(said(user), ['probe'])
    await say(user, { type: 'available' })
    assert.deepEqual(readPresence((await user.answer(200)).body), { kind: 'presence', type: 'available' })
    user.rig.passTime(6_000)
    assert.equal(stateOf(await user.answer(200)), 'terminated;reason=timeout')
  })

  it('is refused what nobody elsewhere has, and what the network refuses', async () => {
    const user = alice()
    const answer = await user.say('SUBSCRIBE', { headers: [PHONE, ['Event', 'dialog']] })
    assert.deepEqual([answer.status, answer.headers.first('Allow-Events')], [489, 'presence'])
    assert.equal((await user.say('SUBSCRIBE', { headers: [EVENT, ['Require', 'adhoclist']] })).headers.first('Unsupported'), 'adhoclist')
    assert.equal((await user.say('SUBSCRIBE', { headers: [EVENT] })).status, 400, 'without a Contact')
    user.rig.outcome = () => failedOutcome(peerCodes, 'GH-PEER-SIP-UNKNOWN')
    assert.equal((await user.say('SUBSCRIBE', { headers: [EVENT, PHONE] })).status, 404)
  })

  it('is bounded', async () => {
    const user = alice()
    for (let each = 0; each < 3; each++) await subscribe(user)
    assert.equal((await user.say('SUBSCRIBE', { headers: [EVENT, PHONE] })).status, 503)
  })
})

describe('somebody on a network watches a SIP user (RFC 8048 §5.2)', () => {
  const ACCEPTED = {
    headers: [
      ['Contact', '<sip:presence@home.contoso.example:5061;transport=tls>'],
      ['Expires', '600'],
    ] as const,
  }

  /** The home server’s NOTIFY in the dialog of the gate’s SUBSCRIBE. */
  function notify(user: RigUser, subscribe: SipRequest, state: string, body?: Uint8Array, cseq = 1, method = 'NOTIFY'): SipRequest {
    const contact = subscribe.contacts()[0]?.uri ?? assert.fail('no Contact')
    return createRequest(
      method,
      contact,
      [
        ['Via', `SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKn${user.link.responses().length}${state.length}`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${ALICE}>;tag=phone`],
        ['To', subscribe.headers.first('From') ?? ''],
        ['Call-ID', subscribe.callId() ?? ''],
        ['CSeq', `${cseq} ${method}`],
        EVENT,
        ['Subscription-State', state],
        ...(body === undefined ? [] : ([['Content-Type', PIDF]] as const)),
      ],
      body,
    )
  }

  const BUSY = renderPidf(`sip:${ALICE}`, { kind: 'presence', type: 'available', show: 'dnd' })

  it('is asked for at the home server, whose NOTIFYs are consent and presence', async () => {
    const user = alice()
    const outcomes = await say(user, { type: 'subscribe' })
    const subscribe = await user.answer(200, ACCEPTED)
    assert.deepEqual(
      [subscribe.method, subscribe.headers.first('Event'), subscribe.headers.first('Expires')],
      ['SUBSCRIBE', 'presence', '3600'],
    )
    assert.match(subscribe.headers.first('ms-edge-proxy-message-trust') ?? '', /ms-source-verified-user=verified/)
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    assert.equal((await user.send(notify(user, subscribe, 'pending;expires=600'))).status, 200)
    assert.deepEqual(said(user), [])
    assert.equal((await user.send(notify(user, subscribe, 'active;expires=599', BUSY, 2))).status, 200)
    assert.deepEqual(
      user.rig.handedOver.map(({ envelope }) => envelope.content),
      [
        { kind: 'presence', type: 'subscribed' },
        { kind: 'presence', type: 'available', show: 'dnd' },
      ],
    )
    await user.send(notify(user, subscribe, 'active', BUSY, 3))
    user.link.receive(encodeMessage(notify(user, subscribe, 'active', BUSY, 4, 'BENOTIFY')))
    await user.rig.settle()
    assert.deepEqual(said(user), ['subscribed', 'available', 'available', 'available'])
  })

  it('is refreshed in time, asked for anew where it was forgotten, and ended when nobody wants it', async () => {
    const user = alice()
    await say(user, { type: 'subscribe' })
    await user.answer(202, ACCEPTED)
    user.rig.passTime(539_000)
    assert.equal(user.link.requests().length, 1)
    user.rig.passTime(2_000)
    const refresh = await user.answer(481)
    assert.equal(refresh.to()?.tag, 'phone')
    const anew = await user.answer(200, ACCEPTED)
    assert.equal(anew.to()?.tag, undefined)
    const outcomes = await say(user, { type: 'unsubscribe' })
    const end = await user.answer(200)
    assert.deepEqual([end.headers.first('Expires'), end.to()?.tag], ['0', 'phone'])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    user.rig.passTime(4_000_000)
    assert.equal(user.link.requests().length, 4)
  })

  it('that the home server refuses is refused there', async () => {
    const user = alice()
    const outcomes = await say(user, { type: 'subscribe' })
    await user.answer(403)
    assert.deepEqual(
      outcomes.map((outcome) => outcome.code),
      ['GH-PEER-SIP-REFUSED'],
    )
    await say(user, { type: 'subscribe' })
    const subscribe = await user.answer(200, ACCEPTED)
    await user.send(notify(user, subscribe, 'terminated;reason=rejected'))
    assert.deepEqual(said(user), ['unsubscribed'])
    user.rig.passTime(4_000_000)
    assert.equal(user.link.requests().length, 2)
  })

  it('begins again after an end that is none, with the user away meanwhile', async () => {
    const user = alice()
    await say(user, { type: 'subscribe' })
    const subscribe = await user.answer(200, ACCEPTED)
    await user.send(notify(user, subscribe, 'terminated;reason=probation;retry-after=30'))
    assert.deepEqual(said(user), ['unavailable'])
    user.rig.passTime(31_000)
    assert.equal((await user.answer(200, ACCEPTED)).to()?.tag, undefined)
  })

  it('in a replica that did not ask says consent again, and a forged Contact says nothing', async () => {
    const user = alice()
    await say(user, { type: 'subscribe' })
    const subscribe = await user.answer(200, ACCEPTED)
    const sibling = alice()
    assert.equal((await sibling.send(notify(sibling, subscribe, 'active', BUSY))).status, 200)
    assert.deepEqual(said(sibling), ['subscribed', 'available'])
    const forged = notify(user, subscribe, 'active', BUSY)
    forged.requestUri = forged.requestUri.replace(/gh=./, 'gh=_')
    assert.equal((await user.send(forged)).status, 481)
    assert.deepEqual(said(user), [])
  })
})

describe('Subscription-State', () => {
  it('is read with its reason and its time', () => {
    assert.deepEqual(readSubscriptionState('Terminated; reason=Giveup;retry-after=9'), {
      state: 'terminated',
      reason: 'giveup',
      retryAfterS: 9,
    })
    assert.equal(readSubscriptionState('waiting'), undefined)
    assert.equal(readSubscriptionState(undefined), undefined)
    fc.assert(fc.property(fc.string(), (text) => void readSubscriptionState(`active;${text}`)))
  })
})
