import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Bus, connectNatsBus, deliverSubject } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, serveDeliveries } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { skipWithout } from '../peers-kit/find-tool.ts'
import type { ManagedProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { networkPolicy, startBridgeProcess } from './bridge-order.ts'
import { TcpChatServer } from './tcp-chat.ts'

const LOGINS = Array.from({ length: 8 }, (_, at) => `user${at}`)
/** Longer than a conversation rests whose message was in the hands of a replica that died. */
const ALL_TOLD_MS = 150_000
const QUEUE = { maxAgeMs: 3_600_000, uncertain: 'fail' } as const

let ids = 0
function deliveryOf(login: string, text: string): Delivery {
  return {
    envelope: {
      id: createHash('sha256').update(`${text} ${++ids}`).digest().subarray(0, 16),
      receivedAtMs: 0,
      from: { user: login, domain: 'contoso.example' },
      to: { user: 'bob', domain: 'chat.example' },
      conversation: login,
      content: { kind: 'message', messageId: text, text, wants: ['failed'] },
    },
    destination: { to: 'network', network: 'chat', protocol: 'tcpchat', domain: 'chat.example' },
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'chat', revision: 1, queue: QUEUE },
    timeoutMs: 10_000,
    forwardedBy: '',
  }
}

async function until(what: string, isDone: () => boolean, timeoutMs = 30_000): Promise<void> {
  const startedMs = performance.now()
  while (!isDone()) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** `count` messages of each login, one after the other; what each was answered, by its text. */
async function sendEach(bus: Bus, count: number, word: string, into: Map<string, DeliveryOutcome>): Promise<void> {
  const client = new DeliveryClient(bus)
  await Promise.all(
    LOGINS.map(async (login) => {
      for (let at = 0; at < count; at++) {
        const text = `${login} ${word} ${at}`
        into.set(text, await new Promise<DeliveryOutcome>((resolve) => client.deliver(deliveryOf(login, text), resolve)))
      }
    }),
  )
}

/** What is said in the moment in which an account is cut off may be lost, and is told to be: from then on messages are kept. */
async function sendUntilKept(bus: Bus, into: Map<string, DeliveryOutcome>): Promise<void> {
  const client = new DeliveryClient(bus)
  await Promise.all(
    LOGINS.map(async (login) => {
      for (let at = 0; ; at++) {
        const text = `${login} cut off ${at}`
        const outcome = await new Promise<DeliveryOutcome>((resolve) => client.deliver(deliveryOf(login, text), resolve))
        into.set(text, outcome)
        if (outcome.status === 'queued') return
      }
    }),
  )
}

test(
  'a replica is killed while messages wait, and another while they go on: each comes once and in order, or its sender is told',
  { skip: skipWithout('nats-server'), timeout: 300_000 },
  withRack('bridge-outbox-take-over', async (rack, t) => {
    const nats = rack.add(await startNats(rack.path('nats')))
    const chat = new TcpChatServer()
    rack.onStop(() => chat.stop())
    const port = await chat.start()
    const start = (replica: string): Promise<ManagedProcess> =>
      startBridgeProcess(rack, {
        nats: { server: nats.server, monitor: nats.monitor },
        replica,
        bridge: { networks: { chat: { protocol: 'tcpchat', settings: { port } } } },
        networks: [networkPolicy('chat', 'tcpchat', 'chat.example', true)],
        hasOutbox: true,
      })
    const first = await start('r0')
    const second = await start('r1')
    const bus = await connectNatsBus({ servers: [nats.server], name: 'test' })
    rack.onStop(() => bus.close(100))
    /** Messages whose senders were told that they were given up. */
    const told = new Map<string, number>()
    await serveDeliveries(bus, deliverSubject('sip'), 'deliver', async ({ envelope: { content } }) => {
      if (content.kind === 'receipt') told.set(content.of, (told.get(content.of) ?? 0) + 1)
      return deliveredOutcome()
    })
    for (const login of LOGINS) first.write(`link ${login}\n`)
    await until('all accounts connected', () => chat.connected().length === LOGINS.length)
    const answers = new Map<string, DeliveryOutcome>()

    await rack.step(t, 'the network is away: every message is kept', async () => {
      await sendEach(bus, 2, 'before', answers)
      chat.stop()
      await until('everybody was cut off', () => chat.connected().length === 0)
      await sendUntilKept(bus, answers)
      await sendEach(bus, 12, 'waits', answers)
      const waiting = [...answers].filter(([text]) => text.includes('waits'))
      assert.deepEqual([...new Set(waiting.map(([, { status }]) => status))], ['queued'])
    })

    await rack.step(t, 'the replica that took half of them is killed; the other one keeps on taking', async () => {
      second.killNow()
      await sendEach(bus, 4, 'late', answers)
      const late = [...answers].filter(([text]) => text.includes('late'))
      const lost = late.filter(([, { status }]) => status !== 'queued')
      // at most the one of each login that was on its way to the dead one, and nobody says of it that it surely failed
      assert.ok(lost.length <= LOGINS.length, JSON.stringify(lost))
      assert.ok(late.length > lost.length)
    })

    await rack.step(t, 'the network is back, and a replica is killed while messages go on', async () => {
      await start('r2')
      await chat.start(port)
      const before = chat.messages.length
      await until('messages go on', () => chat.messages.length > before + 10, ALL_TOLD_MS)
      first.killNow()
    })

    await rack.step(t, 'each that was kept came once, or its sender was told; what failed never came; in order', async () => {
      const times = (text: string): number => chat.messages.filter((message) => message.text === text).length
      const kept = [...answers].filter(([, { status }]) => status !== 'failed').map(([text]) => text)
      await until('all came or were given up', () => kept.every((text) => times(text) > 0 || told.has(text)), ALL_TOLD_MS)
      for (const [text, { status }] of answers) assert.ok(times(text) <= 1, `${text}, ${status}, came ${times(text)} times`)
      for (const [text, { status, isCertain }] of answers)
        if (status === 'failed' && isCertain) assert.equal(times(text), 0, `${text} had failed and came`)
      const last = new Map<string, number>()
      const order = [...answers.keys()]
      for (const { text, login } of chat.messages) {
        const at = order.filter((one) => one.startsWith(`${login} `)).indexOf(text)
        assert.ok(at > (last.get(login) ?? -1), `${text} came out of turn`)
        last.set(login, at)
      }
      process.stderr.write(`# ${kept.length} were kept or delivered, of ${told.size} the senders were told\n`)
      assert.ok(told.size <= LOGINS.length, 'given up is only what the dead one had in its hands')
    })
  }),
)
