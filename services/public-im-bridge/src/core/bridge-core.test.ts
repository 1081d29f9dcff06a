import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failedOutcome } from '@gatehouse/delivery'
import { parsePolicy } from '@gatehouse/policy-document'
import { bridgeCodes } from '../errors.ts'
import { BridgeRig, openPolicy, type RigOptions } from '../testing/bridge-rig.ts'

const alice = { user: 'alice', domain: 'contoso.example' }

async function withRig(body: (rig: BridgeRig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const rig = await new BridgeRig(options).start()
  try {
    await body(rig)
  } finally {
    await rig.stop()
  }
}

describe('from a network to the inside', () => {
  it('a message is decided on, put on record, delivered, and its sender told the truth', () =>
    withRig(async (rig) => {
      const outcome = await rig.network.say('bob', alice, 'hello')
      assert.deepEqual([outcome.status, outcome.notice], ['delivered', ''])
      const [delivery] = rig.inside
      assert.deepEqual(delivery?.envelope.from, { user: 'bob', domain: 'loop.example' })
      assert.deepEqual(delivery?.envelope.content, { kind: 'message', messageId: 'loop-1', text: 'hello' })
      assert.deepEqual(delivery?.decision, {
        mark: 'verified',
        evidence: 'V2',
        direction: 'inbound',
        peerClass: 'bridge',
        partner: 'loop',
        revision: 3,
      })
      const [entry] = rig.entries()
      assert.equal(Buffer.from(entry?.envelope?.body ?? []).toString(), 'hello')
      assert.deepEqual(entry?.envelope?.id, delivery?.envelope.id)
      assert.deepEqual(
        [entry?.envelope?.peer?.peerClass, entry?.decision?.evidence, entry?.receipt?.bridgeProtocol, entry?.receipt?.bridgeEvidence],
        ['bridge', 'V2', 'loopback', 3],
      )
    }))

  it('an unverified stranger is held back, and reads nothing of the reasons', () =>
    withRig(async (rig) => {
      const outcome = await rig.network.say('eve', alice, 'buy', { evidence: { class: 'V0', by: 'nick' } })
      assert.equal(outcome.code, 'GH-POLICY-UNVERIFIED-MESSAGE')
      assert.equal(rig.inside.length, 0)
      await rig.whenRecorded(1)
      assert.equal(rig.entries()[0]?.decision?.verdict, 'deny', 'refused messages are on record too')
      assert.ok(!outcome.notice.includes('GH-') && !outcome.notice.includes('contact'), outcome.notice)
    }))

  it('nobody speaks for us or for a domain of somebody else', () =>
    withRig(async (rig) => {
      assert.equal((await rig.network.say('alice', alice, 'x', { domain: 'contoso.example' })).code, 'GH-POLICY-SOURCE-INTERNAL')
      assert.equal((await rig.network.say('bob', alice, 'x', { domain: 'fabrikam.example' })).code, 'GH-POLICY-SOURCE-NETWORK')
    }))

  it('nothing is delivered that could not be put on record', () =>
    withRig(async (rig) => {
      rig.archiveRefuses = 'GH-ARCHIVE-FULL'
      const outcome = await rig.network.say('bob', alice, 'hello')
      assert.deepEqual([outcome.code, outcome.sipStatus, outcome.retry], ['GH-BRIDGE-ARCHIVE-AWAY', 503, 'later'])
      assert.equal(rig.inside.length, 0)
    }))

  it('without a policy nothing passes', () =>
    withRig(async (rig) => {
      rig.snapshot = undefined
      assert.equal((await rig.network.say('bob', alice, 'hello')).code, 'GH-BRIDGE-NO-POLICY')
    }))

  it('the far side’s refusal reaches the sender', () =>
    withRig(async (rig) => {
      rig.answer = () => Promise.resolve({ ...failedOutcome(bridgeCodes, 'GH-BRIDGE-UNSUPPORTED', 'inside words'), sipStatus: 404 })
      const outcome = await rig.network.say('bob', alice, 'hello')
      assert.equal(outcome.notice, 'Not delivered: there is no such person here.')
    }))

  it('the same event twice is delivered once and answered alike; after a failure it may come again', () =>
    withRig(async (rig) => {
      const twice = await Promise.all([
        rig.network.say('bob', alice, 'hello', { id: 'n1' }),
        rig.network.say('bob', alice, 'hello', { id: 'n1' }),
      ])
      assert.deepEqual(
        twice.map(({ status }) => status),
        ['delivered', 'delivered'],
      )
      assert.equal(rig.inside.length, 1)
      rig.answer = () => Promise.resolve(failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY'))
      assert.equal((await rig.network.say('bob', alice, 'again', { id: 'n2' })).status, 'failed')
      rig.answer = () => Promise.resolve({ ...failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY'), status: 'delivered', code: '' })
      assert.equal((await rig.network.say('bob', alice, 'again', { id: 'n2' })).status, 'delivered')
      assert.equal(rig.inside.length, 3)
    }))

  it('order is kept within a conversation while others pass by', () =>
    withRig(async (rig) => {
      let release: () => void = () => {}
      const held = new Promise<void>((resolve) => (release = resolve))
      const usual = rig.answer
      rig.answer = async (delivery) => {
        if (delivery.envelope.from.user === 'bob') await held
        return await usual(delivery)
      }
      const bob = Array.from({ length: 10 }, (_, at) => rig.network.say('bob', alice, `bob ${at}`))
      await rig.network.say('carol', alice, 'meanwhile')
      release()
      await Promise.all(bob)
      const texts = rig.inside.map(({ envelope }) => (envelope.content.kind === 'message' ? envelope.content.text : ''))
      assert.deepEqual(
        texts.filter((text) => text.startsWith('bob')),
        Array.from({ length: 10 }, (_, at) => `bob ${at}`),
      )
      assert.ok(texts.indexOf('meanwhile') < texts.indexOf('bob 1'))
    }))

  it('two programs that answer each other are stopped', () =>
    withRig(async (rig) => {
      const codes: string[] = []
      for (let at = 0; at < 12; at++) codes.push((await rig.network.say('bob', alice, 'I am away')).code)
      assert.equal(codes.filter((code) => code === 'GH-BRIDGE-LOOP').length, 2)
      assert.equal((await rig.network.say('bob', alice, 'something else')).status, 'delivered')
    }))

  it('where policy reads texts, marked-up ones go on as plain text only', async () => {
    const text = '{apiVersion: gatehouse/v1, kind: ContentFilter, metadata: {name: links}, spec: {}}'
    const { objects } = parsePolicy([{ name: 'filter.yaml', text }], { nowMs: 0 })
    await withRig(
      async (rig) => {
        await rig.network.say('bob', alice, { kind: 'message', messageId: 'm', text: 'hi', html: '<a href="http://evil.example">hi</a>' })
        const content = rig.inside[0]?.envelope.content
        assert.deepEqual(content, { kind: 'message', messageId: 'm', text: 'hi' })
      },
      { objects: [...openPolicy, ...objects] },
    )
  })

  it('events that break the contract are refused, each with its reason', () =>
    withRig(async (rig) => {
      const long = 'x'.repeat(70_000)
      assert.equal((await rig.network.say('bob', alice, long)).code, 'GH-BRIDGE-TOO-LONG')
      for (const to of [
        { user: '', domain: 'contoso.example' },
        { user: 'a\u0000b', domain: 'contoso.example' },
        { user: 'a', domain: 'Not A Domain' },
      ]) {
        assert.equal((await rig.network.say('bob', to, 'x')).code, 'GH-BRIDGE-MALFORMED')
      }
      assert.equal((await rig.network.say('bob', alice, '\ud800')).code, 'GH-BRIDGE-MALFORMED')
      assert.equal(rig.inside.length, 0)
    }))
})

describe('from the inside to a network', () => {
  it('a message arrives as it is, and comes back as delivered', () =>
    withRig(async (rig) => {
      const outcome = await rig.send('Grüße')
      assert.deepEqual([outcome.status, outcome.remoteId], ['delivered', 'heard-1'])
      const [line] = rig.network.heard
      assert.deepEqual(line?.content.kind === 'message' && line.content.text, 'Grüße')
    }))

  it('what the network cannot carry is put into plain words, left out or refused', () =>
    withRig(async (rig) => {
      const file = { url: 'https://files.example/a.pdf', name: 'a.pdf', mediaType: '', bytes: undefined }
      await rig.send({ kind: 'message', messageId: 'm', text: 'see', html: '<b>see</b>', subject: 'Plan', replaces: 'm0', files: [file] })
      assert.deepEqual(rig.network.heard[0]?.content, {
        kind: 'message',
        messageId: 'm',
        text: '* Plan\nsee\nhttps://files.example/a.pdf',
      })
      assert.equal((await rig.send('x'.repeat(5_000))).code, 'GH-BRIDGE-TOO-LONG')
      assert.equal((await rig.send({ kind: 'presence', type: 'subscribe' })).code, 'GH-BRIDGE-UNSUPPORTED')
      assert.equal((await rig.send({ kind: 'presence', type: 'available' })).status, 'sent')
      assert.equal(rig.network.heard.length, 1)
    }))

  it('the same delivery twice is handed over once', () =>
    withRig(async (rig) => {
      const outcomes = [await rig.send('once', { id: 900 }), await rig.send('once', { id: 900 })]
      assert.deepEqual(
        outcomes.map(({ remoteId }) => remoteId),
        ['heard-1', 'heard-1'],
      )
      assert.equal(rig.network.heard.length, 1)
    }))

  it('a network that is away fails with certainty; the same delivery may come again', () =>
    withRig(async (rig) => {
      rig.network.isAway = true
      const first = await rig.send('later', { id: 901 })
      assert.deepEqual([first.code, first.isCertain, first.retry], ['GH-LOOPBACK-AWAY', true, 'later'])
      rig.network.isAway = false
      assert.equal((await rig.send('later', { id: 901 })).status, 'delivered')
    }))
})

describe('how networks stand', () => {
  it('is listed with capabilities and counts', () =>
    withRig(async (rig) => {
      await rig.send('one')
      await rig.network.say('bob', alice, 'two')
      const { networks } = await rig.bridge.handlers.listNetworks()
      const [loop] = networks
      assert.deepEqual(
        [loop?.network, loop?.protocol, loop?.replica, loop?.state, loop?.kind],
        ['loop', 'loopback', 'r0', 'connected', 'servers'],
      )
      assert.equal(loop?.capabilities.find(({ feature }) => feature === 'typing')?.level, 'full')
      assert.equal(rig.bridge.health().isReady, true)
      assert.match(await rig.metrics.text(), /gatehouse_bridge_received_total\{.*network="loop".*\} 1/)
    }))
})
