import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Bus, connectNatsBus, deliverSubject } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, serveDeliveries } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { skipWithout } from '../peers-kit/find-tool.ts'
import type { ManagedProcess } from '../peers-kit/managed-process.ts'
import { type RunningNats, startNats } from '../peers-kit/nats-server.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { networkPolicy, startBridgeProcess } from './bridge-order.ts'
import { TcpChatServer } from './tcp-chat.ts'

const LOGINS = Array.from({ length: 12 }, (_, at) => `user${at}`)
/** The promise: an account is connected again within so long after its replica died. */
const TAKE_OVER_MS = 10_000

function startReplica(rack: PeerRack, replica: string, { server, monitor }: RunningNats, port: number): Promise<ManagedProcess> {
  const bridge = { networks: { chat: { protocol: 'tcpchat', settings: { port } } } }
  const networks = [networkPolicy('chat', 'tcpchat', 'chat.example', false)]
  return startBridgeProcess(rack, { nats: { server, monitor }, replica, bridge, networks, hasOutbox: false })
}

/** Resolves with how long it took. */
async function until(what: string, isDone: () => boolean, timeoutMs: number): Promise<number> {
  const startedMs = performance.now()
  while (!isDone()) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return performance.now() - startedMs
}

let ids = 0
function deliveryOf(login: string, text: string): Delivery {
  const id = createHash('sha256').update(`${login} ${++ids}`).digest().subarray(0, 16)
  return {
    envelope: {
      id,
      receivedAtMs: 0,
      from: { user: login, domain: 'contoso.example' },
      to: { user: 'bob', domain: 'chat.example' },
      conversation: login,
      content: { kind: 'message', messageId: '', text },
    },
    destination: { to: 'network', network: 'chat', protocol: 'tcpchat', domain: 'chat.example' },
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'chat', revision: 1 },
    timeoutMs: 3_000,
    forwardedBy: '',
  }
}

interface Sent {
  readonly login: string
  readonly text: string
  readonly outcome: DeliveryOutcome
}

/** Sends one message after the other for each login until told to stop, and keeps what each was answered. */
function sendSteadily(bus: Bus): { stop(): Promise<readonly Sent[]> } {
  const client = new DeliveryClient(bus)
  const sent: Sent[] = []
  let isStopping = false
  const lanes = LOGINS.map(async (login) => {
    for (let at = 0; !isStopping; at++) {
      const text = `${login} ${at}`
      const outcome = await new Promise<DeliveryOutcome>((resolve) => client.deliver(deliveryOf(login, text), resolve))
      sent.push({ login, text, outcome })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  return {
    stop: async () => {
      isStopping = true
      await Promise.all(lanes)
      return sent
    },
  }
}

interface Scene {
  readonly chat: TcpChatServer
  readonly bus: Bus
  readonly replicas: readonly [ManagedProcess, ManagedProcess]
  /** Starts a replica of that name. */
  readonly start: (name: string) => Promise<ManagedProcess>
}

/** Two replicas of the bridge over a real nats-server, with every account connected. */
async function startScene(rack: PeerRack): Promise<Scene> {
  const nats = rack.add(await startNats(rack.path('nats')))
  const chat = new TcpChatServer()
  rack.onStop(() => chat.stop())
  const port = await chat.start()
  const start = (name: string): Promise<ManagedProcess> => startReplica(rack, name, nats, port)
  const replicas = [await start('r0'), await start('r1')] as const
  const bus = await connectNatsBus({ servers: [nats.server], name: 'test' })
  rack.onStop(() => bus.close(100))
  for (const login of LOGINS) replicas[0].write(`link ${login}\n`)
  await until('all accounts connected', () => chat.connected().length === LOGINS.length, 30_000)
  return { chat, bus, replicas, start }
}

/** The SIP side, which counts what comes. */
class Inside {
  readonly #times = new Map<string, number>()

  static async start(bus: Bus): Promise<Inside> {
    const inside = new Inside()
    await serveDeliveries(bus, deliverSubject('sip'), 'deliver', async ({ envelope: { content } }) => {
      if (content.kind === 'message') inside.#times.set(content.messageId, inside.times(content.messageId) + 1)
      return deliveredOutcome()
    })
    return inside
  }

  times(id: string): number {
    return this.#times.get(id) ?? 0
  }
}

interface People {
  died(): void
  diedAtMs(): number
  acknowledgedAtDeath(): ReadonlySet<string>
  stop(): readonly { readonly id: string; readonly atMs: number }[]
}

/** Somebody writes to each login again and again. */
function speakSteadily(chat: TcpChatServer): People {
  const said: { id: string; atMs: number }[] = []
  let diedAtMs = 0
  let atDeath: ReadonlySet<string> = new Set()
  const timer = setInterval(() => {
    for (const login of LOGINS) {
      const id = `${login}-${said.length}`
      said.push({ id, atMs: performance.now() })
      chat.say(login, id, `text ${id}`)
    }
  }, 50)
  return {
    died: () => {
      diedAtMs = performance.now()
      atDeath = new Set(chat.acknowledged)
    },
    diedAtMs: () => diedAtMs,
    acknowledgedAtDeath: () => atDeath,
    stop: () => {
      clearInterval(timer)
      return said
    },
  }
}

test(
  'a replica of the bridge is killed: its accounts are taken over, each is connected once, no message is lost or doubled',
  { skip: skipWithout('nats-server') },
  withRack('bridge-take-over', async (rack, t) => {
    const { chat, bus, replicas } = await startScene(rack)
    const [, second] = replicas
    const inside = await Inside.start(bus)
    const traffic = sendSteadily(bus)
    const people = speakSteadily(chat)
    await until('messages pass', () => chat.messages.length > 100, 30_000)

    await rack.step(t, 'its accounts are connected again in less than ten seconds', async () => {
      await until('people are heard', () => chat.acknowledged.size > 100, 20_000)
      people.died()
      second.killNow()
      await until('the accounts of the dead one are gone', () => chat.connected().length < LOGINS.length, 10_000)
      const tookMs = await until('all accounts connected again', () => chat.connected().length === LOGINS.length, 30_000)
      assert.ok(tookMs < TAKE_OVER_MS, `it took ${Math.round(tookMs)} ms`)
      process.stderr.write(`# take-over after ${Math.round(tookMs)} ms\n`)
    })

    await rack.step(t, 'no account was connected twice at any time', async () => assert.deepEqual([...chat.doubled], []))

    await rack.step(t, 'what was answered "delivered" came exactly once, what surely failed never came', async () => {
      const before = chat.messages.length
      await until('messages pass again', () => chat.messages.length > before + 100, 20_000)
      const sent = await traffic.stop()
      const times = new Map<string, number>()
      for (const { text } of chat.messages) times.set(text, (times.get(text) ?? 0) + 1)
      for (const { text, outcome } of sent) {
        const count = times.get(text) ?? 0
        if (outcome.status === 'delivered') assert.equal(count, 1, `${text} was delivered and came ${count} times`)
        else if (outcome.isCertain) assert.equal(count, 0, `${text} failed for certain (${outcome.code}) and came`)
        else assert.ok(count <= 1, `${text} came ${count} times`)
      }
      assert.ok(
        sent.some(({ outcome }) => outcome.status === 'failed'),
        'some messages met the gap',
      )
    })

    await rack.step(
      t,
      'what people wrote was shown again, and came once; only what nobody had answered for may have come twice',
      async () => {
        const said = people.stop()
        await until('everything came', () => said.every(({ id }) => inside.times(id) > 0), 30_000)
        const atDeath = people.acknowledgedAtDeath()
        assert.ok(atDeath.size > 50, 'some were answered for before the replica died')
        for (const id of atDeath) assert.equal(inside.times(id), 1, `${id} was answered for and came ${inside.times(id)} times`)
        const doubled = said.filter(({ id }) => inside.times(id) > 1)
        assert.ok(
          doubled.every(({ atMs }) => Math.abs(atMs - people.diedAtMs()) < 2_000),
          'doubled far from the death of the replica',
        )
        process.stderr.write(`# of ${said.length} that were shown again ${doubled.length} came twice\n`)
      },
    )

    await rack.step(t, 'order was kept within each conversation', async () => {
      const last = new Map<string, number>()
      for (const { login, text } of chat.messages) {
        const at = Number(text.split(' ')[1])
        assert.ok(at > (last.get(login) ?? -1), `${text} came after ${last.get(login)}`)
        last.set(login, at)
      }
    })
  }),
)

test(
  'both replicas of the bridge are restarted under load: no message fails, is lost or comes twice',
  { skip: skipWithout('nats-server') },
  withRack('bridge-restart', async (rack) => {
    const { chat, bus, replicas, start } = await startScene(rack)
    const traffic = sendSteadily(bus)
    for (const [at, replica] of replicas.entries()) {
      const before = chat.messages.length
      await until('messages pass', () => chat.messages.length > before + 100, 30_000)
      replica.signal('SIGTERM')
      assert.equal(await replica.ended, 0)
      await until('all accounts connected', () => chat.connected().length === LOGINS.length, 30_000)
      await start(`r${at}`)
    }
    const before = chat.messages.length
    await until('messages pass', () => chat.messages.length > before + 100, 30_000)
    const sent = await traffic.stop()
    assert.deepEqual(
      sent.filter(({ outcome }) => outcome.status !== 'delivered'),
      [],
    )
    assert.deepEqual(chat.messages.map(({ text }) => text).toSorted(), sent.map(({ text }) => text).toSorted())
    assert.deepEqual([...chat.doubled], [])
  }),
)
