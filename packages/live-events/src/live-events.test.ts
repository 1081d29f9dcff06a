import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { type Bus, createEmbeddedBus, eventSubject } from '@gatehouse/bus'
import type { Decision } from '@gatehouse/im-model'
import { TailRequestSchema } from '@gatehouse/proto'
import { DecisionTeller, type ToldMessage } from './decision-teller.ts'
import { LiveHandlers } from './live-handlers.ts'

const NOW_MS = 1_800_000_000_000

function decision(verdict: 'allow' | 'deny', partner = 'fabrikam'): Decision {
  const source = `Partner/${partner}`
  const proof = [{ rule: 'source-binding', code: 'pass', detail: undefined, source }]
  const fields = { verdict, code: 'GH-POLICY-X', reason: 'because', rule: 'source-binding', mark: 'verified', direction: 'inbound' }
  return { ...fields, peerClass: 'direct', partner, proof, observed: undefined, revision: 7 } as unknown as Decision
}

function message(from: string): ToldMessage {
  return { fromAddress: from, toAddress: 'alice@contoso.example', method: 'MESSAGE', kind: 'message', status: 200, envelopeId: undefined }
}

interface World {
  readonly bus: Bus
  readonly teller: DecisionTeller
  readonly live: LiveHandlers
  readonly stop: () => Promise<void>
}

async function world(more: { readonly maxPerSecond?: number } = {}): Promise<World> {
  const bus = createEmbeddedBus()
  const teller = new DecisionTeller({ bus, nowMs: () => NOW_MS, replica: 'gate-0', ...more })
  await teller.start()
  const live = new LiveHandlers({ bus, log: { info: () => {} }, every: () => () => {} })
  const stop = async (): Promise<void> => {
    await teller.stop()
    await bus.close(0)
  }
  return { bus, teller, live, stop }
}

/** Resolves when the replicas were asked. */
async function watch(live: LiveHandlers, bus: Bus, request: object, signal: AbortSignal) {
  const asked = new Promise<void>((resolve) => void bus.subscribe(eventSubject('wanted'), () => resolve()))
  const answers = live.tail(create(TailRequestSchema, request), { caller: 'local', signal })
  const first = answers.next()
  await asked
  return { answers, first }
}

describe('live decisions', () => {
  it('are told only while somebody watches, with filter and reason', async () => {
    const { bus, teller, live, stop } = await world()
    assert.equal(teller.isWanted(NOW_MS), false)
    const abort = new AbortController()
    const { answers, first } = await watch(live, bus, { domain: 'Fabrikam.example', verdict: 'deny' }, abort.signal)
    assert.equal(teller.isWanted(NOW_MS), true)
    teller.tell(decision('allow'), message('carol@fabrikam.example'), NOW_MS)
    teller.tell(decision('deny'), message('nina@northwind.example'), NOW_MS)
    teller.tell(decision('deny'), message('dave@fabrikam.example'), NOW_MS)
    const { value } = await first
    assert.partialDeepStrictEqual(value?.decision, {
      fromAddress: 'dave@fabrikam.example',
      verdict: 'deny',
      source: 'Partner/fabrikam',
      replica: 'gate-0',
      status: 200,
      revision: 7n,
    })
    abort.abort()
    assert.equal((await answers.next()).done, true)
    assert.equal(teller.isWanted(NOW_MS + 60_000), false)
    await stop()
  })

  it('are left out and counted where they are too many', async () => {
    const { bus, teller, live, stop } = await world({ maxPerSecond: 2 })
    const abort = new AbortController()
    const { answers, first } = await watch(live, bus, { partner: 'fabrikam' }, abort.signal)
    for (let at = 0; at < 5; at++) teller.tell(decision('allow'), message(`u${at}@fabrikam.example`), NOW_MS)
    teller.tell(decision('allow'), message('later@fabrikam.example'), NOW_MS + 1_000)
    const told = [(await first).value, (await answers.next()).value, (await answers.next()).value]
    assert.deepEqual(
      told.map((answer) => [answer?.decision?.fromAddress, answer?.missed]),
      [
        ['u0@fabrikam.example', 0n],
        ['u1@fabrikam.example', 0n],
        ['later@fabrikam.example', 3n],
      ],
    )
    abort.abort()
    await answers.next()
    await stop()
  })

  it('keep the oldest for a caller who does not read, and say how many are left out', async () => {
    const { bus, teller, live, stop } = await world({ maxPerSecond: 10_000 })
    const abort = new AbortController()
    const { answers, first } = await watch(live, bus, {}, abort.signal)
    for (let at = 0; at < 1_200; at++) teller.tell(decision('allow'), message(`u${at}@fabrikam.example`), NOW_MS)
    await first
    for (let at = 1; at < 1_000; at++) assert.equal((await answers.next()).value?.missed, 0n)
    teller.tell(decision('allow'), message('later@fabrikam.example'), NOW_MS)
    const { value } = await answers.next()
    assert.deepEqual([value?.decision?.fromAddress, value?.missed], ['later@fabrikam.example', 200n])
    abort.abort()
    await stop()
  })

  it('are not disturbed by what is none', async () => {
    const { bus, teller, stop } = await world()
    bus.publish(eventSubject('wanted'), Buffer.from([0xff, 0xff]))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(teller.isWanted(NOW_MS), false)
    await stop()
  })
})
