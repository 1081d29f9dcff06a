import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Bus, busSubjects, createEmbeddedBus, peeringTellSubject } from '@gatehouse/bus'
import { errorsOf, GatewayError } from '@gatehouse/errors'
import {
  DiagnoseRequestSchema,
  DisconnectRequestSchema,
  DisconnectResponseSchema,
  ListPeersRequestSchema,
  ListPeersResponseSchema,
  PeeringAskSchema,
  PeeringTellSchema,
  TracePeerRequestSchema,
  type TracePeerResponse,
} from '@gatehouse/proto'
import { peerCodes } from '../errors.ts'
import { PeeringCalls } from './peering-calls.ts'
import type { PeeringHandlers } from './peering-service.ts'
import { Siblings } from './siblings.ts'

const errors = errorsOf(peerCodes)

/** Messages that a replica would show, and what it was told. */
interface Replica {
  readonly calls: PeeringCalls
  readonly siblings: Siblings
  readonly log: string[]
  /** One more message passes its edge. */
  readonly pass: (startLine: string) => void
  refusesTraces: boolean
}

interface World {
  readonly bus: Bus
  readonly replicas: Record<'a' | 'b' | 'c', Replica>
  /** Lets that much time pass at once. */
  readonly lapse: (ms: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Lets what is due on the embedded bus happen. */
async function turns(): Promise<void> {
  for (let at = 0; at < 20; at++) await new Promise((resolve) => setImmediate(resolve))
}

async function world(): Promise<World> {
  const bus = createEmbeddedBus()
  let nowMs = 0
  let ids = 0
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: nowMs + delayMs, run }
    timers.add(timer)
    return () => timers.delete(timer)
  }
  const replica = async (name: string): Promise<Replica> => {
    const log: string[] = []
    const waiting: string[] = []
    let wake = (): void => undefined
    const local = {
      listPeers: async () => create(ListPeersResponseSchema, { peers: [{ partner: 'fabrikam', side: 'external', replica: name }] }),
      disconnect: async ({ partner }: { partner: string }) => {
        log.push(`disconnect ${partner}`)
        return create(DisconnectResponseSchema, { closed: 2 })
      },
      diagnose: async function* ({ domain }: { domain: string }, { caller }: { caller: string }) {
        log.push(`diagnose for ${caller}`)
        if (domain === 'busy.example') throw errors('GH-PEER-DIAGNOSIS-BUSY', domain)
        yield { name: 'srv', result: 'ok', replica: name }
        yield { name: 'echo', result: 'ok', replica: name }
      },
      tracePeer: async function* (_: unknown, { caller, signal }: { caller: string; signal: AbortSignal }) {
        if (one.refusesTraces) throw errors('GH-PEER-TRACE-MANY')
        log.push(`on for ${caller}`)
        signal.addEventListener('abort', () => wake())
        yield { replica: name, untilUs: 1n }
        while (!signal.aborted) {
          const startLine = waiting.shift()
          if (startLine !== undefined) yield { message: { startLine, replica: name }, untilUs: 1n }
          else await new Promise<void>((resolve) => (wake = resolve))
        }
        log.push('off')
      },
    } as unknown as PeeringHandlers
    const siblings = new Siblings({ bus, replica: name, log: { warn: () => undefined }, newId: () => Uint8Array.of(++ids), after })
    const calls = new PeeringCalls({ replica: name, local, siblings })
    await calls.start()
    const pass = (startLine: string): void => {
      waiting.push(startLine)
      wake()
    }
    const one: Replica = { calls, siblings, log, pass, refusesTraces: false }
    return one
  }
  const replicas = { a: await replica('a'), b: await replica('b'), c: await replica('c') }
  return {
    bus,
    replicas,
    lapse: async (ms) => {
      await turns()
      nowMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer)
        timer.run()
      }
      await turns()
    },
    stop: async () => {
      for (const { siblings } of Object.values(replicas)) await siblings.stop()
      await bus.close(0)
    },
  }
}

const nobody = { caller: 'ann', signal: new AbortController().signal }

describe('what is asked of one replica of the edge for all', () => {
  it('lists the peers of all, and of itself alone where nobody asks for more', async () => {
    const { replicas, lapse, stop } = await world()
    const list = async (everyReplica: boolean): Promise<string[]> => {
      const answer = replicas.b.calls.listPeers(create(ListPeersRequestSchema, { everyReplica }), nobody)
      await lapse(500)
      return (await answer).peers.map(({ replica }) => replica)
    }
    assert.deepEqual(await list(true), ['a', 'b', 'c'])
    assert.deepEqual(await list(false), ['b'])
    await stop()
  })

  it('closes connections with all', async () => {
    const { replicas, lapse, stop } = await world()
    const answer = replicas.a.calls.disconnect(create(DisconnectRequestSchema, { partner: 'fabrikam', everyReplica: true }), nobody)
    await lapse(500)
    assert.equal((await answer).closed, 6)
    assert.deepEqual(
      Object.values(replicas).map(({ log }) => log),
      [['disconnect fabrikam'], ['disconnect fabrikam'], ['disconnect fabrikam']],
    )
    await stop()
  })

  it('examines the way from the place of the replica that is named, which hears who asked', async () => {
    const { replicas, lapse, stop } = await world()
    const steps = async (domain: string, replica: string): Promise<string[]> => {
      const seen: string[] = []
      const answers = replicas.a.calls.diagnose(create(DiagnoseRequestSchema, { domain, replica }), nobody)
      for await (const step of answers) seen.push(`${step.name} from ${step.replica}`)
      return seen
    }
    const run = async (domain: string, replica: string): Promise<string[]> => {
      const seen = steps(domain, replica)
      seen.catch(() => undefined)
      await lapse(500)
      return await seen
    }
    assert.deepEqual(await run('fabrikam.example', 'c'), ['srv from c', 'echo from c'])
    assert.deepEqual([replicas.b.log, replicas.c.log], [[], ['diagnose for ann by way of a']])
    assert.deepEqual(await run('fabrikam.example', ''), ['srv from a', 'echo from a'])
    const refusedWith = (text: string) => (thrown: unknown) =>
      thrown instanceof GatewayError && thrown.code === 'GH-PEER-REPLICA' && thrown.message.includes(text)
    await assert.rejects(run('busy.example', 'c'), refusedWith('c says GH-PEER-DIAGNOSIS-BUSY'))
    await assert.rejects(run('fabrikam.example', 'd'), refusedWith("'d' does not answer"))
    await stop()
  })
})

describe('what comes over the bus', () => {
  it('and is no question, or one that nobody can answer, is let be', async () => {
    const { replicas, bus, stop } = await world()
    const ask = (what: string, request: Uint8Array): Uint8Array =>
      toBinary(PeeringAskSchema, create(PeeringAskSchema, { id: Uint8Array.of(9), replica: 'x', what, request, caller: 'eve' }))
    const told: string[] = []
    await bus.subscribe(peeringTellSubject('x'), ({ data }) => void told.push(fromBinary(PeeringTellSchema, data).what))
    for (const data of [Uint8Array.of(1, 2, 3), ask('restart', new Uint8Array()), ask('disconnect', Uint8Array.of(255))]) {
      bus.publish(busSubjects.peeringAsk.name, data)
      bus.publish(peeringTellSubject('a'), data)
      await turns()
    }
    assert.deepEqual(told, ['begins', 'begins', 'begins', 'refused', 'refused', 'refused'])
    assert.ok(Object.values(replicas).every(({ log }) => log.length === 0))
    await stop()
  })
})

it('a bus that lets it hear no sibling is told in the log, and no reason not to start', async () => {
  const logged: string[] = []
  const siblings = new Siblings({
    bus: { publish: () => true, subscribe: () => Promise.reject(new Error('Permissions Violation')) },
    replica: 'a',
    log: { warn: ({ detail }: { detail?: string }, text) => void logged.push(`${text}: ${detail}`) },
    newId: () => Uint8Array.of(1),
    after: () => () => undefined,
  })
  await siblings.start(new Map())
  assert.deepEqual(logged, ['this replica and the others cannot ask each other about peers: Permissions Violation'])
  await siblings.stop()
})

describe('a SIP trace at every replica', () => {
  const wish = create(TracePeerRequestSchema, { partner: 'fabrikam', seconds: 60, maxMessages: 3, everyReplica: true })

  async function begin(of: World, signal = nobody.signal): Promise<{ seen: string[]; ended: Promise<void> }> {
    const seen: string[] = []
    const run = async (): Promise<void> => {
      for await (const answer of of.replicas.a.calls.tracePeer(wish, { caller: 'ann', signal }) as AsyncIterable<TracePeerResponse>) {
        seen.push(answer.message === undefined ? `${answer.replica} ${answer.refusal || 'shows'}` : `${answer.message.startLine}`)
      }
    }
    const ended = run()
    await turns()
    return { seen, ended }
  }

  it('shows what passes any of them, so many in all, and is off everywhere then', async () => {
    const of = await world()
    const { seen, ended } = await begin(of)
    for (const [name, text] of [['b', 'one'] as const, ['a', 'two'] as const, ['c', 'three'] as const]) {
      of.replicas[name].pass(text)
      await turns()
    }
    await ended
    await turns()
    assert.deepEqual(seen.slice(0, 3).sort(), ['a shows', 'b shows', 'c shows'])
    assert.deepEqual(seen.slice(3), ['one', 'two', 'three'])
    assert.deepEqual(
      Object.values(of.replicas).map(({ log }) => log),
      [
        ['on for ann', 'off'],
        ['on for ann by way of a', 'off'],
        ['on for ann by way of a', 'off'],
      ],
    )
    await of.stop()
  })

  it('ends with the caller, and with a replica that nobody hears of any more', async () => {
    const of = await world()
    const leaving = new AbortController()
    const { ended } = await begin(of, leaving.signal)
    leaving.abort()
    await ended
    await turns()
    assert.deepEqual([of.replicas.b.log.at(-1), of.replicas.c.log.at(-1)], ['off', 'off'])

    const { ended: again } = await begin(of)
    for (let beat = 0; beat < 10; beat++) await of.lapse(5_000)
    assert.equal(of.replicas.b.log.at(-1), 'on for ann by way of a', 'the caller still listens')
    await of.replicas.a.siblings.stop()
    await of.lapse(5_000)
    await of.lapse(20_000)
    assert.equal(of.replicas.b.log.at(-1), 'off')
    of.replicas.a.pass('one')
    of.replicas.a.pass('two')
    of.replicas.a.pass('three')
    await again
    await of.stop()
  })

  it('says which replica does not show its messages, and why', async () => {
    const of = await world()
    of.replicas.c.refusesTraces = true
    const { seen, ended } = await begin(of)
    assert.ok(
      seen.some((line) => line.startsWith('c GH-PEER-TRACE-MANY: ')),
      seen.join(),
    )
    for (const text of ['one', 'two', 'three']) of.replicas.b.pass(text)
    await ended
    await of.stop()
  })
})
