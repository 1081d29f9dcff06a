import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Bus, connectNatsBus, deliverSubject } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, serveDeliveries } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { Authority, DnsServer } from '@gatehouse/lab'
import { writeCertificate } from '../peers-kit/certificates.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { ManagedProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { startXmppPerson } from '../peers-kit/xmpp-person.ts'
import { skipWithoutXmppUser } from '../peers-kit/xmpp-user.ts'
import { networkPolicy, startBridgeProcess } from './bridge-order.ts'

const JABBER = 'jabber.example'
const PAUSE_MS = 20
/** The part of them that may be on the wire in the two moments in which a stream ends; how many that are, says how busy the machine is. */
const MOST_BACK = 0.05

let ids = 0
function deliveryOf(text: string): Delivery {
  return {
    envelope: {
      id: createHash('sha256').update(`${text} ${++ids}`).digest().subarray(0, 16),
      receivedAtMs: 0,
      from: { user: 'alice', domain: 'contoso.example' },
      to: { user: 'bob', domain: JABBER },
      conversation: 'c1',
      content: { kind: 'message', messageId: text.replaceAll(' ', '-'), text },
    },
    destination: { to: 'network', network: 'jabber', protocol: 'xmpp', domain: JABBER },
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'bridge', partner: 'jabber', revision: 1 },
    timeoutMs: 20_000,
    forwardedBy: '',
  }
}

async function until(what: string, isDone: () => boolean, timeoutMs = 40_000): Promise<void> {
  const startedMs = performance.now()
  while (!isDone()) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Runs again and again until stopped; resolves with how often. */
function steadily(run: (at: number) => Promise<void> | void): { stop(): Promise<number> } {
  let isStopping = false
  const running = (async () => {
    for (let at = 0; ; at++) {
      if (isStopping) return at
      await run(at)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  })()
  return {
    stop: () => {
      isStopping = true
      return running
    },
  }
}

function sendSteadily(bus: Bus): { readonly outcomes: Map<string, DeliveryOutcome>; stop(): Promise<number> } {
  const client = new DeliveryClient(bus)
  const outcomes = new Map<string, DeliveryOutcome>()
  const sending = steadily(async (at) => {
    const text = `alice ${at}`
    outcomes.set(text, await new Promise<DeliveryOutcome>((resolve) => client.deliver(deliveryOf(text), resolve)))
  })
  return { outcomes, stop: () => sending.stop() }
}

/** Ids of bob's messages as Prosody wrote them: what comes while it opens a stream it writes before what it had kept for it (0.12). */
function sentBy(folder: string): string[] {
  const log = readFileSync(join(folder, 'prosody.log'), 'utf8')
  return [...log.matchAll(/Sending\[s2sout\w*\]: <message [^>]*\bid='(b\d+)'/g)].map(([, id]) => id as string)
}

test(
  'both replicas of the bridge are restarted while people on a Prosody write and are written to: nothing is lost or comes twice',
  { skip: skipWithout('nats-server', 'prosody') || skipWithoutXmppUser(), timeout: 240_000 },
  withRack('bridge-restart-xmpp', async (rack, t) => {
    const ca = Authority.create({ name: 'XMPP Lab' })
    const dns = rack.add(new DnsServer())
    await dns.start()
    dns.zone.setAddresses('localhost', ['127.0.0.1'])
    const ports = await freePorts(2)
    dns.zone.setSrv(
      '_xmpp-server._tcp.contoso.example',
      ports.map((port) => ({ host: 'localhost', port })),
    )
    const nats = rack.add(await startNats(rack.path('nats')))
    const bob = await startXmppPerson(rack, dns, { domain: JABBER, user: 'bob', ca, isKnown: true })
    const own = writeCertificate(rack.path('bridge'), 'contoso', ca.issue({ commonName: 'contoso.example', dns: ['contoso.example'] }), [
      ca,
    ])
    const start = (at: number): Promise<ManagedProcess> =>
      startBridgeProcess(rack, {
        nats: { server: nats.server, monitor: nats.monitor },
        replica: `r${at}`,
        bridge: {
          networks: { jabber: { protocol: 'xmpp', settings: { listen: { address: '127.0.0.1', port: ports[at] } } } },
          certificates: [{ certFile: own.certFile, keyFile: own.keyFile }],
          trust: [{ name: 'xmpp', files: [own.caFile] }],
          dns: { servers: [dns.server] },
        },
        networks: [networkPolicy('jabber', 'xmpp', JABBER, false)],
        hasOutbox: false,
      })
    const replicas = [await start(0), await start(1)]
    const bus = await connectNatsBus({ servers: [nats.server], name: 'test' })
    rack.onStop(() => bus.close(100))
    const inside: string[] = []
    await serveDeliveries(bus, deliverSubject('sip'), 'deliver', async ({ envelope: { content } }) => {
      if (content.kind === 'message') inside.push(content.text)
      return deliveredOutcome()
    })
    const alice = sendSteadily(bus)
    const speaking = steadily((at) =>
      bob.client.send(`<message to='alice@contoso.example' type='chat' id='b${at}'><body>bob ${at}</body></message>`),
    )
    const passing = async (): Promise<void> => {
      const before = [inside.length, alice.outcomes.size] as const
      await until('messages pass both ways', () => inside.length > before[0] + 50 && alice.outcomes.size > before[1] + 50)
    }

    await rack.step(t, 'one after the other, under load', async () => {
      for (const [at, replica] of replicas.entries()) {
        await passing()
        replica.signal('SIGTERM')
        assert.equal(await replica.ended, 0)
        await passing()
        await start(at)
      }
      await passing()
    })

    await rack.step(t, 'everything came, once, in order', async () => {
      const [said] = [await speaking.stop(), await alice.stop()]
      await until('the last of bob’s messages came', () => inside.includes(`bob ${said - 1}`))
      await bob.client.whenSeen(({ body }) => body === [...alice.outcomes.keys()].at(-1))
      const failed = [...alice.outcomes].filter(([, { status }]) => status !== 'delivered' && status !== 'sent')
      assert.deepEqual(failed, [])
      const heard = bob.client.seen().filter(({ event }) => event === 'message')
      // what was on the wire in the moment in which a replica closed its stream comes back to its sender: it has to be what did not arrive
      const back = new Set(heard.flatMap(({ type, id }) => (type === 'error' ? [id] : [])))
      assert.ok(back.size <= said * MOST_BACK, `${back.size} of ${said} came back`)
      assert.deepEqual(
        heard.flatMap(({ type, body }) => (type === 'error' ? [] : [body])),
        [...alice.outcomes.keys()],
      )
      const came = sentBy(rack.path(JABBER)).filter((id) => !back.has(id))
      assert.equal(new Set([...came, ...back]).size, said)
      assert.deepEqual(
        inside,
        came.map((id) => id.replace('b', 'bob ')),
      )
      process.stderr.write(`# ${alice.outcomes.size} to Prosody, ${inside.length} from it, ${back.size} given back to their sender\n`)
    })
  }),
)
