import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ImContent } from '@gatehouse/im-model'
import { Dialog } from '@gatehouse/sip-core'
import fc from 'fast-check'
import { GateRig } from '../session/gate-rig.ts'
import { readPresence } from './content/pidf.ts'
import { SiblingDialogs } from './sibling-dialogs.ts'
import { JABBER, RigUser } from './sip-user-rig.ts'

const PHONE = ['Contact', '<sip:alice@phone.contoso.example:5061;transport=tls>'] as const

/** Two replicas on one bus, with Alice’s home server connected to both. */
function pair(): { one: RigUser; two: RigUser; kill: (dead: RigUser) => void } {
  const rigs = ['one', 'two'].map((replica) => new GateRig({ policy: [JABBER], replica })) as [GateRig, GateRig]
  const alive = new Set<GateRig>(rigs)
  for (const [rig, name, other] of [[rigs[0], 'two', rigs[1]] as const, [rigs[1], 'one', rigs[0]] as const]) {
    rig.onWord = (data) => void (alive.has(other) && alive.has(rig) && other.endpoint.hear(data))
    const nobody = rig.deliverAt
    rig.deliverAt = (replica, delivery, onOutcome) => {
      if (replica === name && alive.has(other)) other.endpoint.deliver(delivery, onOutcome)
      else nobody(replica, delivery, onOutcome)
    }
  }
  for (const rig of rigs) rig.endpoint.start()
  return { one: new RigUser(rigs[0]), two: new RigUser(rigs[1]), kill: (dead) => void alive.delete(dead.rig) }
}

const HELLO: ImContent = { kind: 'message', messageId: '', text: 'hello' }
const THERE: ImContent = { kind: 'presence', type: 'available' }

describe('replicas of the endpoint', () => {
  it('send in the session of the one that has it', async () => {
    const { one, two } = pair()
    const { dialog } = await one.invite()
    const outcomes = await two.hear(HELLO)
    assert.equal(two.link.requests().length, 0)
    assert.equal(outcomes.length, 0)
    const request = await one.answer(200)
    assert.equal(request.callId(), dialog.id.callId)
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
  })

  it('go on with the session of one that is gone, above the numbers it used', async () => {
    const { one, two, kill } = pair()
    const { dialog } = await one.invite()
    await one.hear(HELLO)
    const before = await one.answer(200)
    kill(one)
    const outcomes = await two.hear(HELLO)
    const after = await two.answer(200)
    assert.deepEqual([after.callId(), after.to()?.tag], [dialog.id.callId, before.to()?.tag])
    assert.ok((after.cseq()?.number ?? 0) > (before.cseq()?.number ?? 0) + 1_000)
    assert.equal(dialog.handleRequest(after), 'in-order')
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    assert.equal((await two.inDialog(dialog, 'BYE')).status, 200)
    assert.equal(two.rig.endpoint.openSessions(), 0)
  })

  it('know nothing of a session that has ended', async () => {
    const { one, two } = pair()
    const { dialog } = await one.invite()
    await one.inDialog(dialog, 'BYE')
    await two.hear(HELLO)
    assert.equal((await two.answer(200)).to()?.tag, undefined)
  })

  it('learn when they start what the others have', async () => {
    const { one, two } = pair()
    two.rig.onWord = () => undefined
    await one.invite()
    const late = new GateRig({ policy: [JABBER], replica: 'late' })
    late.onWord = (data) => one.rig.endpoint.hear(data)
    one.rig.onWord = (data) => late.endpoint.hear(data)
    late.deliverAt = (_replica, delivery, onOutcome) => one.rig.endpoint.deliver(delivery, onOutcome)
    late.endpoint.start()
    await new RigUser(late).hear(HELLO)
    assert.equal((await one.answer(200)).to()?.tag !== undefined, true)
  })

  it('tell presence wherever it is watched, and go on where a replica is gone', async () => {
    const { one, two, kill } = pair()
    const headers = [['Event', 'presence'], PHONE, ['Expires', '600']] as const
    const request = one.request('SUBSCRIBE', { headers })
    const dialog = Dialog.ofSent(request, await one.send(request)) ?? assert.fail()
    await one.answer(200)
    await two.say('SUBSCRIBE', { headers })
    await two.answer(200)
    const outcomes = await two.hear(THERE)
    const [atOne, atTwo] = [await one.answer(200), await two.answer(200)]
    assert.deepEqual([readPresence(atOne.body)?.type, readPresence(atTwo.body)?.type], ['available', 'available'])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['delivered'],
    )
    kill(one)
    await two.hear({ kind: 'presence', type: 'unavailable' })
    const both = [await two.answer(200), await two.answer(200)]
    assert.deepEqual(
      both.map((notify) => readPresence(notify.body)?.type),
      ['unavailable', 'unavailable'],
    )
    assert.ok(both.some((notify) => notify.callId() === dialog.id.callId))
  })

  it('take a refresh over, and ask the network again for what the other one had heard', async () => {
    const { one, two } = pair()
    const request = one.request('SUBSCRIBE', { headers: [['Event', 'presence'], PHONE] })
    const dialog = Dialog.ofSent(request, await one.send(request)) ?? assert.fail()
    await one.answer(200)
    await one.hear(THERE)
    await one.answer(200)
    const answer = await two.inDialog(dialog, 'SUBSCRIBE', { headers: [['Event', 'presence'], PHONE] })
    assert.equal(answer.status, 200)
    const notify = await two.answer(200)
    assert.deepEqual([notify.headers.first('Subscription-State'), notify.body.byteLength], ['active;expires=3600', 0])
    assert.deepEqual(
      two.rig.handedOver.map(({ envelope }) => envelope.content),
      [{ kind: 'presence', type: 'probe' }],
    )
    await one.hear(THERE)
    assert.equal(one.link.requests().length, 2, 'the other one has it now')
    await two.answer(200)
  })
})

describe('words of other replicas', () => {
  it('that make no sense are ignored', () => {
    const dialogs = new SiblingDialogs({ replica: 'one', publish: () => undefined, nowMs: () => 0, maxRecords: 10 })
    const good = { op: 'has', replica: 'two', record: { kind: 'session', pair: 'a b', generation: 0, outside: { user: 'a', domain: 'b' } } }
    fc.assert(fc.property(fc.uint8Array(), (data) => dialogs.handle(data)))
    fc.assert(fc.property(fc.anything(), (extra) => dialogs.handle(Buffer.from(JSON.stringify({ ...good, record: extra }) ?? ''))))
    assert.deepEqual(dialogs.replicasOf('session', 'a b'), [])
  })

  it('are bounded', () => {
    const words: Uint8Array[] = []
    const talker = new SiblingDialogs({ replica: 'two', publish: (data) => words.push(data), nowMs: () => 0, maxRecords: 10 })
    const listener = new SiblingDialogs({ replica: 'one', publish: () => undefined, nowMs: () => 0, maxRecords: 10 })
    const address = { user: 'a', domain: 'b.example' }
    for (let each = 0; each < 20; each++) {
      talker.has({
        kind: 'watched',
        pair: `p${each}`,
        generation: 0,
        outside: address,
        user: address,
        acceptTypes: [],
        isActive: true,
        untilMs: 1,
      })
    }
    for (const word of words) listener.handle(word)
    assert.deepEqual([listener.replicasOf('watched', 'p9'), listener.replicasOf('watched', 'p19')], [[], ['two']])
  })
})
