import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { LoopbackNetwork, loopback } from '@gatehouse/bridge-kit/test'
import { type Delivery, DeliveryClient, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { BridgeRig, openPolicy } from '../../testing/bridge-rig.ts'
import { type Script, ScriptedNetwork } from '../../testing/scripted-connector.ts'

const alice = { user: 'alice', domain: 'contoso.example' }
const policy = openPolicy.map((object) =>
  object.kind === 'Network' ? { ...object, spec: { ...object.spec, domains: ['loop.example'] } } : object,
)
const [network] = openPolicy.filter(({ kind }) => kind === 'Network')
const scriptedNetwork = { ...network, name: 'scripted', spec: { ...network?.spec, protocol: 'scripted', domains: ['scripted.example'] } }

interface Pair {
  readonly rig: BridgeRig
  readonly good: LoopbackNetwork
  readonly bad: ScriptedNetwork
}

/** A well-behaved network beside one that is not, in one bridge. */
async function withPair(script: Partial<Script>, body: (pair: Pair) => Promise<void>, limits: object = {}): Promise<void> {
  const good = new LoopbackNetwork('loop.example')
  const bad = new ScriptedNetwork(script)
  const connectors = [loopback(good) as unknown as ConnectorFactory<never>, bad.factory()]
  const rig = await new BridgeRig({
    connectors,
    networks: { good: { protocol: 'loopback', settings: {} }, bad: { protocol: 'scripted', settings: {}, limits } },
    objects: [...policy, scriptedNetwork as never],
  }).start()
  try {
    await body({ rig, good, bad })
  } finally {
    await rig.stop()
  }
}

let ids = 5_000
function sendToBad(rig: BridgeRig, timeoutMs = 5_000, to = 'bob'): Promise<DeliveryOutcome> {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(12, ++ids)
  const delivery: Delivery = {
    envelope: {
      id,
      receivedAtMs: 0,
      from: alice,
      to: { user: to, domain: 'scripted.example' },
      conversation: 'c1',
      content: { kind: 'message', messageId: 'm', text: 'hi' },
    },
    destination: { to: 'network', network: 'scripted', protocol: 'scripted', domain: 'scripted.example' },
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'scripted', revision: 1 },
    timeoutMs,
    forwardedBy: '',
  }
  return new Promise((resolve) => new DeliveryClient(rig.bus).deliver(delivery, resolve))
}

async function assertGoodWorks({ rig, good }: Pair): Promise<void> {
  assert.equal((await rig.send('to the good one')).status, 'delivered')
  assert.equal((await good.say('bob', alice, 'from the good one')).status, 'delivered')
}

describe('a connector that does wrong harms nobody else', () => {
  const wrongs: readonly (readonly [what: string, send: Script['send'], code: string])[] = [
    [
      'throws',
      () => {
        throw new Error('broken')
      },
      'GH-BRIDGE-CONNECTOR-FAILED',
    ],
    ['rejects', () => Promise.reject(new Error('broken')), 'GH-BRIDGE-CONNECTOR-FAILED'],
    ['gives no outcome', () => Promise.resolve(undefined as never), 'GH-BRIDGE-CONNECTOR-FAILED'],
    ['gives no promise', () => undefined as never, 'GH-BRIDGE-CONNECTOR-FAILED'],
  ]
  for (const [what, send, code] of wrongs) {
    it(`when sending ${what}: ${code}, uncertain`, () =>
      withPair({ send }, async (pair) => {
        const outcome = await sendToBad(pair.rig)
        assert.deepEqual([outcome.code, outcome.isCertain, outcome.retry], [code, false, 'never'])
        await assertGoodWorks(pair)
        assert.match(await pair.rig.metrics.text(), /connector_faults_total\{.*network="bad".*what="send".*\} 1/)
      }))
  }

  it('when sending hangs: the outcome is uncertain at the deadline, and others of its conversations go on', () =>
    withPair(
      { send: ({ envelope }) => (envelope.to.user === 'hang' ? new Promise(() => {}) : Promise.resolve(sentOutcome())) },
      async (pair) => {
        const hanging = sendToBad(pair.rig, 1_000, 'hang')
        assert.equal((await sendToBad(pair.rig)).status, 'sent')
        await assertGoodWorks(pair)
        const outcome = await hanging
        assert.deepEqual([outcome.isCertain, outcome.status], [false, 'failed'])
      },
    ))

  it('when so many sends hang that no more may begin: the rest is told so with certainty', () =>
    withPair(
      { send: () => new Promise(() => {}) },
      async (pair) => {
        const hanging = [sendToBad(pair.rig, 300, 'a'), sendToBad(pair.rig, 300, 'b')]
        const third = await sendToBad(pair.rig, 300, 'c')
        assert.deepEqual([third.code, third.isCertain], ['GH-BRIDGE-BUSY', true])
        await Promise.all(hanging)
      },
      { maxOpenSends: 2 },
    ))

  it('when it floods: what is more than it may bring is refused at once', () =>
    withPair(
      {},
      async (pair) => {
        const flood = Array.from({ length: 500 }, (_, at) => pair.bad.say(`u${at}`, alice, `spam ${at}`))
        assert.equal(pair.bad.context?.intake.isFull, true)
        await assertGoodWorks(pair)
        const outcomes = await Promise.all(flood)
        assert.equal(outcomes.filter(({ code }) => code === 'GH-BRIDGE-BUSY').length, 490)
        await new Promise<void>((resolve) => pair.bad.context?.intake.onceReady(resolve))
        assert.equal((await pair.bad.say('late', alice, 'calm again')).status, 'delivered')
      },
      { maxOpenReceives: 10 },
    ))

  it('when its timers throw or reject', () =>
    withPair({}, async (pair) => {
      const { clock } = pair.bad.context ?? assert.fail()
      await new Promise<void>((resolve) => {
        clock.after(1, () => {
          setImmediate(resolve)
          throw new Error('in a timer')
        })
      })
      clock.after(1, () => Promise.reject(new Error('later in a timer')) as never)
      await assertGoodWorks(pair)
      assert.match(await pair.rig.metrics.text(), /connector_faults_total\{.*network="bad".*what="callback".*\} /)
    }))

  it('when it reports nonsense, or brings it', () =>
    withPair({}, async (pair) => {
      pair.bad.context?.report({ state: 'flying' as never, code: '', detail: '' })
      const outcome = await pair.bad.context?.receive({ side: 'sideways' } as never)
      assert.equal(outcome?.code, 'GH-BRIDGE-MALFORMED')
      await assertGoodWorks(pair)
    }))

  it('when it does not start: the others do, and it is tried again', async () => {
    let isPortFree = false
    const start = (): Promise<void> => (isPortFree ? Promise.resolve() : Promise.reject(new Error('port taken')))
    await withPair({ start }, async (pair) => {
      await assertGoodWorks(pair)
      const before = (await pair.rig.bridge.handlers.listNetworks()).networks.find(({ network: name }) => name === 'bad')
      assert.deepEqual([before?.state, before?.code, before?.detail], ['refused', 'GH-BRIDGE-START-FAILED', 'port taken'])
      assert.equal(pair.rig.bridge.health().isReady, true)
      isPortFree = true
      while (pair.bad.starts < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal((await sendToBad(pair.rig)).status, 'sent')
    })
  })

  it('when it cannot be made, or does not stop', async () => {
    await withPair(
      {
        create: () => {
          throw new Error('no')
        },
      },
      assertGoodWorks,
    )
    await withPair({ stop: () => new Promise(() => {}) }, assertGoodWorks)
  })
})
