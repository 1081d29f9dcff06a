import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { createEmbeddedBus, openWorkFile } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, Destination, MessageEvent, QueueRule } from '@gatehouse/im-model'
import type { OutboxOptions } from '@gatehouse/outbox'
import { compileSnapshot, type PolicyObject } from '@gatehouse/policy-engine'
import { LinkAccountRequestSchema, ListOutboxRequestSchema } from '@gatehouse/proto'
import { irc } from '../../connectors/irc/connector.ts'
import { bridgeCodes } from '../../errors.ts'
import { BridgeRig, openPolicy, type RigOptions } from '../../testing/bridge-rig.ts'
import { isAway } from './is-away.ts'
import { decodeWaiting, encodeWaiting } from './waiting-delivery.ts'

const alice = { user: 'alice', domain: 'contoso.example' }
const QUICK: Partial<OutboxOptions> = { backOffBaseMs: 4, backOffCapMs: 16, lookMs: 5 }
const HOUR: QueueRule = { maxAgeMs: 3_600_000, uncertain: 'fail' }
const SHORT: QueueRule = { maxAgeMs: 40, uncertain: 'fail' }
const AWAY = failedOutcome(bridgeCodes, 'GH-BRIDGE-ACCOUNT-AWAY')

/** Messages to the inside may wait, too. */
const queueing: readonly PolicyObject[] = openPolicy.map((object) =>
  object.kind === 'InternalDomain'
    ? ({ ...object, spec: { ...object.spec, queue: { enabled: true, maxAgeMinutes: 60, uncertain: 'fail' } } } as never)
    : object,
)

async function withRig(body: (rig: BridgeRig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const rig = await new BridgeRig({ outbox: QUICK, objects: queueing, ...options }).start()
  try {
    await body(rig)
  } finally {
    await rig.stop()
  }
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!(await isDone()) && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 2))
}

function textsOf(lines: readonly { readonly content: { readonly kind: string } }[]): string[] {
  return lines.flatMap(({ content }) => (content.kind === 'message' ? [(content as MessageEvent).text] : []))
}

/** Codes of ends that the archive has, one for each message. */
function endsOf(rig: BridgeRig): string[] {
  return rig.records.flatMap(({ content }) =>
    content.case === 'outcomes' ? Array<string>(content.value.envelopeIds.byteLength / 16).fill(content.value.code) : [],
  )
}

async function waitingIn(rig: BridgeRig): Promise<number> {
  const { destinations } = await rig.outboxes!.listOutbox(create(ListOutboxRequestSchema, {}))
  return destinations.reduce((sum, { waiting }) => sum + waiting, 0)
}

describe('to a network that is away', () => {
  it('messages are kept, come in order and once when it is back, and the next ones wait behind them', () =>
    withRig(async (rig) => {
      rig.network.isAway = true
      for (const text of ['one', 'two', 'three']) assert.equal((await rig.send(text, { queue: HOUR })).status, 'queued')
      const [state] = (await rig.outboxes!.listOutbox(create(ListOutboxRequestSchema, { messages: 9 }))).destinations
      assert.deepEqual([state?.port, state?.destination, state?.waiting], ['networks', 'loop.example', 3])
      assert.deepEqual(
        state?.messages.map(({ fromAddress, toAddress }) => `${fromAddress} ${toAddress}`),
        Array(3).fill('alice@contoso.example bob@loop.example'),
      )
      rig.network.isAway = false
      const behind = await rig.send('four', { queue: HOUR })
      assert.ok(['queued', 'delivered'].includes(behind.status), behind.code)
      await rig.network.whenHeard(4)
      assert.deepEqual(textsOf(rig.network.heard), ['one', 'two', 'three', 'four'])
      await until(async () => (await waitingIn(rig)) === 0)
      assert.equal((await rig.send('five', { queue: HOUR })).status, 'delivered')
    }))

  it('without the word of policy, and of other kinds than messages, nothing waits', () =>
    withRig(async (rig) => {
      rig.network.isAway = true
      assert.equal((await rig.send('now or never')).code, 'GH-LOOPBACK-AWAY')
      assert.equal((await rig.send({ kind: 'typing', state: 'composing' }, { queue: HOUR })).code, 'GH-LOOPBACK-AWAY')
    }))

  it('a person who is not there is no reason to wait', () =>
    withRig(async (rig) => {
      rig.network.unknown.add('nemo')
      assert.equal((await rig.send('hello?', { to: 'nemo', queue: HOUR })).code, 'GH-LOOPBACK-NOBODY')
    }))

  it('what expires is on record, and its sender is told in the way that was asked for', () =>
    withRig(async (rig) => {
      rig.network.isAway = true
      const asked = { kind: 'message', messageId: 'p1', text: 'with a wish', wants: ['failed'] } as const
      assert.equal((await rig.send(asked, { queue: SHORT })).status, 'queued')
      assert.equal((await rig.send('without', { to: 'carol', queue: SHORT })).status, 'queued')
      await until(() => rig.inside.length === 2)
      const words = rig.inside.map(({ envelope: { from, to, content } }) => ({ from: from.user, to: to.user, content }))
      const byFrom = new Map(words.map((word) => [word.from, word]))
      for (const [from, of] of [
        ['bob', 'p1'],
        ['carol', ''],
      ] as const) {
        const word = byFrom.get(from)
        assert.equal(word?.to, 'alice')
        const { content } = word!
        assert.ok(content.kind === 'receipt' && content.acceptedAtMs !== undefined)
        assert.deepEqual([content.of, content.state, content.code], [of, 'failed', 'GH-OUTBOX-EXPIRED'])
      }
      assert.equal(textsOf(rig.network.heard).length, 0)
      await until(() => endsOf(rig).filter((code) => code === 'GH-OUTBOX-EXPIRED').length === 2)
    }))

  it('policy that changed meanwhile stops it, and its sender is told', () =>
    withRig(async (rig) => {
      rig.network.isAway = true
      assert.equal((await rig.send('blocked later', { queue: HOUR })).status, 'queued')
      const block: PolicyObject = { kind: 'BlockEntry', name: 'bob', spec: { address: 'bob@loop.example', owner: 'test', reason: 'test' } }
      rig.snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 4, issuedAtMs: 0, objects: [...queueing, block] })
      rig.network.isAway = false
      await until(() => rig.inside.length === 1)
      const { content } = rig.inside[0]!.envelope
      assert.ok(content.kind === 'receipt' && content.code.startsWith('GH-POLICY-'), JSON.stringify(content))
      assert.deepEqual(textsOf(rig.network.heard), [])
    }))

  it('messages wait for an account that is not connected, apart from those of other accounts', async () => {
    const settings = { host: '127.0.0.1', port: 1, domain: 'irc.example' }
    const ircNetwork = openPolicy.flatMap((object) =>
      object.kind === 'Network' ? [{ ...object, name: 'irc', spec: { ...object.spec, protocol: 'irc', domains: ['irc.example'] } }] : [],
    )
    await withRig(
      async (rig) => {
        const account = { network: 'irc', owner: 'alice@contoso.example', login: 'alice', secret: 's', settings: {}, author: 'test' }
        await rig.bridge.handlers.linkAccount(create(LinkAccountRequestSchema, account))
        const delivery: Delivery = {
          ...deliveryTo({ to: 'network', network: 'irc', protocol: 'irc', domain: 'irc.example' }),
          decision: {
            mark: 'verified',
            evidence: 'V3',
            direction: 'outbound',
            peerClass: 'bridge',
            partner: 'irc',
            revision: 3,
            queue: HOUR,
          },
        }
        const outcome = await new Promise<DeliveryOutcome>((resolve) => new DeliveryClient(rig.bus).deliver(delivery, resolve))
        assert.equal(outcome.status, 'queued', `${outcome.code} ${outcome.detail}`)
        const { destinations } = await rig.outboxes!.listOutbox(create(ListOutboxRequestSchema, {}))
        assert.deepEqual(
          destinations.map(({ destination }) => destination),
          ['irc.example/alice@contoso.example'],
        )
      },
      {
        connectors: [irc as unknown as ConnectorFactory<never>],
        networks: { irc: { protocol: 'irc', settings } },
        objects: [...queueing, ...ircNetwork] as never,
      },
    )
  })

  it('a replica that starts on what another left delivers it, and lets nothing overtake', async () => {
    const work = openWorkFile(':memory:')
    const bus = createEmbeddedBus({ work })
    const first = await new BridgeRig({ bus, outbox: QUICK, objects: queueing }).start()
    first.network.isAway = true
    for (const text of ['a', 'b']) assert.equal((await first.send(text, { queue: HOUR })).status, 'queued')
    await first.bridge.stop()
    const second = await new BridgeRig({ bus, replica: 'r1', outbox: QUICK, objects: queueing }).start(false)
    await second.network.whenHeard(2)
    assert.deepEqual(textsOf(second.network.heard), ['a', 'b'])
    await second.stop()
    first.outboxes?.close()
    await bus.close(0)
  })
})

describe('from a network to an inside that is away', () => {
  it('messages are kept in order, also behind one that waits, and their senders told when they expire', () =>
    withRig(async (rig) => {
      let answer: DeliveryOutcome = AWAY
      rig.answer = () => Promise.resolve(answer)
      for (const text of ['one', 'two']) {
        const outcome = await rig.network.say('bob', alice, text)
        assert.deepEqual([outcome.status, outcome.notice], ['queued', ''])
      }
      answer = deliveredOutcome()
      const arrived = (): string[] => textsOf(rig.inside.filter(({ waited }) => waited === true).map(({ envelope }) => envelope))
      await until(() => new Set(arrived()).size === 2)
      assert.deepEqual([...new Set(arrived())], ['one', 'two'])
      await until(async () => (await waitingIn(rig)) === 0)
      assert.equal((await rig.network.say('bob', alice, 'three')).status, 'delivered')
    }))

  it('a sender whose message was refused after waiting is told so in words on a network without receipts', () =>
    withRig(async (rig) => {
      let answer: DeliveryOutcome = AWAY
      rig.answer = () => Promise.resolve(answer)
      assert.equal((await rig.network.say('bob', alice, 'one')).status, 'queued')
      answer = { ...AWAY, sipStatus: 404, retry: 'never' }
      await rig.network.whenHeard(1)
      assert.match(textsOf(rig.network.heard)[0] ?? '', /^Your message of .* to alice@contoso\.example was not delivered\.$/)
    }))
})

/** A text from alice to bob there. */
function deliveryTo(destination: Destination): Delivery {
  const content = { kind: 'message', messageId: 'm', text: 'ü' } as const
  return {
    envelope: {
      id: new Uint8Array(16),
      receivedAtMs: 1,
      from: alice,
      to: { user: 'bob', domain: destination.domain },
      conversation: 'c',
      content,
    },
    destination,
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'loop', revision: 1 },
    timeoutMs: 5_000,
    forwardedBy: '',
  }
}

describe('what waits', () => {
  it('is read back as it was written, and other bytes are not', () => {
    const delivery: Delivery = {
      ...deliveryTo({ to: 'network', network: 'loop', protocol: 'loopback', domain: 'loop.example' }),
      waited: true,
    }
    const origin = { side: 'external', bridge: { protocol: 'xmpp', evidence: 'V0' }, method: 'MESSAGE' } as const
    const bytes = encodeWaiting({ kind: 'message', delivery, origin })
    const read = decodeWaiting(bytes)
    assert.deepEqual(read?.kind === 'message' && read.origin, origin)
    assert.deepEqual(read?.delivery.envelope.content, delivery.envelope.content)
    for (let cut = 0; cut < bytes.length; cut++) assert.ok(decodeWaiting(bytes.subarray(0, cut)) === undefined || cut > 40)
    assert.equal(decodeWaiting(Buffer.from('nonsense')), undefined)
  })

  it('is only what certainly did not arrive and may arrive later', () => {
    assert.equal(isAway(AWAY), true)
    for (const other of [{ isCertain: false }, { retry: 'never' }, { sipStatus: 480 }, { code: 'GH-BRIDGE-BUSY' }] as const) {
      assert.equal(isAway({ ...AWAY, ...other }), false, JSON.stringify(other))
    }
  })
})
