import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, DnsServer } from '@gatehouse/lab'
import { writeCertificate } from '../peers-kit/certificates.ts'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import { names, startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { RunningGate } from '../peers-kit/gate.ts'
import { startKamailio } from '../peers-kit/kamailio.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { headerOf, methodOf, statusOf } from '../peers-kit/wire-message.ts'
import { startXmppPerson, type XmppPerson } from '../peers-kit/xmpp-person.ts'
import { skipWithoutXmppUser } from '../peers-kit/xmpp-user.ts'

const ALICE = 'alice@contoso.example'
const JABBER = 'jabber.example'
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const POLICY = policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: [JABBER], public: false, enabled: true, queue: {} })

interface Meeting {
  readonly alice: UdpPhone
  readonly bob: XmppPerson
  readonly gate: RunningGate
  readonly stopInside: () => Promise<void>
  readonly startInside: () => Promise<void>
}

/** alice's phone – Kamailio – Gatehouse (edge, bridge, outbox) – Prosody – bob's client. */
async function meet(rack: PeerRack): Promise<Meeting> {
  const ca = Authority.create({ name: 'XMPP Lab' })
  const dns = rack.add(new DnsServer())
  await dns.start()
  for (const host of [names.home, names.partner, 'localhost']) dns.zone.setAddresses(host, ['127.0.0.1'])
  const [port] = (await freePorts(1)) as [number]
  dns.zone.setSrv('_xmpp-server._tcp.contoso.example', [{ host: 'localhost', port }])
  const bob = await startXmppPerson(rack, dns, { domain: JABBER, user: 'bob', ca, isKnown: true })
  const own = writeCertificate(rack.path('bridge'), 'contoso', ca.issue({ commonName: 'contoso.example', dns: ['contoso.example'] }), [ca])
  const { contoso, gates, addresses } = await startFederation(rack, {
    hasOutbox: true,
    queuesInside: true,
    nextHop: { imMode: 'page', imdn: true },
    morePolicy: POLICY,
    dnsServer: () => Promise.resolve(dns.server),
    bridge: {
      networks: { jabber: { protocol: 'xmpp', settings: { listen: { address: '127.0.0.1', port } } } },
      certificates: [{ certFile: own.certFile, keyFile: own.keyFile }],
      trust: [{ name: 'xmpp', files: [own.caFile] }],
      dns: { servers: [dns.server] },
    },
  })
  const gate = gates[0]!
  return {
    alice: contoso.phones['alice']!,
    bob,
    gate,
    stopInside: async () => {
      const before = gate.log().length
      await contoso.kamailio.stop()
      await until(
        () =>
          gate
            .log()
            .slice(before)
            .some((line) => JSON.stringify(line).includes('link down')),
        'the gate saw the link go',
      )
    },
    startInside: async () => {
      const again = rack.add(await startKamailio(contoso.kamailio.plan))
      again.setHost(names.internalPool, [addresses[0]!])
      again.setHost(names.home, ['127.0.0.1'])
      gate.retryOutbox()
    },
  }
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!isDone() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(isDone(), what)
}

async function say(alice: UdpPhone, body: string): Promise<number> {
  return statusOf(await alice.request('MESSAGE', `sip:bob@${JABBER}`, { headers: PLAIN, body }))
}

function heardBy({ client }: XmppPerson): string[] {
  return client.seen().flatMap(({ event, body, from }) => (event === 'message' && body !== '' && from.startsWith(ALICE) ? [body] : []))
}

function bodiesFromBob(alice: UdpPhone): string[] {
  return alice.received
    .filter((message) => methodOf(message) === 'MESSAGE' && headerOf(message, 'From').includes('bob@'))
    .map(({ body }) => body)
}

/** Ends Prosody and waits until the gate has noticed: what is sent in between may have arrived or not. */
async function stopProsody({ server }: XmppPerson, gate: RunningGate): Promise<void> {
  const before = gate.log().length
  await server.stop()
  await until(
    () =>
      gate
        .log()
        .slice(before)
        .some(({ message, msg }) => /XMPP stream/.test(`${message ?? msg}`)),
    'the gate saw the stream go',
  )
}

const FIVE = ['1', '2', '3', '4', '5'] as const
const OPTIONS = { skip: skipWithout('kamailio', 'kamcmd', 'prosody') || skipWithoutXmppUser(), timeout: 180_000 }

test(
  'messages wait for a Prosody that is away, and for a Kamailio inside',
  OPTIONS,
  withRack('outbox-xmpp', async (rack, t) => {
    const { alice, bob: first, gate: firstGate, stopInside, startInside } = await meet(rack)
    let bob = first
    let gate = firstGate

    await rack.step(t, 'with Prosody there, nothing waits', async () => {
      assert.equal(await say(alice, 'direct'), 200)
      await bob.client.whenSeen(({ body }) => body === 'direct')
    })

    await rack.step(t, 'five messages while it is away: 202 each, and all in order and once when it is back', async () => {
      await stopProsody(bob, gate)
      for (const number of FIVE) assert.equal(await say(alice, `a${number}`), 202)
      bob = await bob.startAgain()
      gate.retryOutbox()
      await bob.client.whenSeen(({ body }) => body === 'a5')
      assert.equal(await say(alice, 'a6'), 200, 'nothing waits any more')
      await bob.client.whenSeen(({ body }) => body === 'a6')
      assert.deepEqual(heardBy(bob), ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'])
    })

    await rack.step(t, 'from the XMPP user to a SIP side that is away: in order and once when it is back', async () => {
      bob.client.send(`<message to='${ALICE}' type='chat' id='w0'><body>w0</body></message>`)
      await alice.waitForRequest('MESSAGE', (message) => message.body === 'w0')
      await stopInside()
      for (const number of FIVE) bob.client.send(`<message to='${ALICE}' type='chat' id='w${number}'><body>w${number}</body></message>`)
      await until(() => gate.log().filter((line) => JSON.stringify(line).includes('destination is away still')).length > 0, 'it waits')
      await startInside()
      await alice.waitForRequest('MESSAGE', (message) => message.body === 'w5')
      assert.deepEqual(bodiesFromBob(alice), ['w0', ...FIVE.map((number) => `w${number}`)])
      assert.ok(!bob.client.seen().some(({ type, id }) => type === 'error' && /^w[1-5]$/.test(id)), 'nobody was told of a failure')
    })

    await rack.step(t, 'the same with the whole gate killed while they wait', async () => {
      await stopProsody(bob, gate)
      for (const number of FIVE) assert.equal(await say(alice, `k${number}`), 202)
      gate = rack.add(await gate.killAndStartAgain())
      bob = await bob.startAgain()
      gate.retryOutbox()
      await bob.client.whenSeen(({ body }) => body === 'k5')
      await until(() => gate.log().length > 0, 'the gate runs')
      // the first of them may have been in the middle of an attempt when the gate died: then nobody knows, and it is given up
      const givenUp = gate.log().filter((line) => JSON.stringify(line).includes('GH-OUTBOX-UNCERTAIN')).length
      assert.ok(givenUp <= 1)
      assert.deepEqual(heardBy(bob), FIVE.map((number) => `k${number}`).slice(givenUp))
    })
  }),
)

test(
  'a message that waited too long: the SIP user is told in words or by a receipt, the XMPP user in words of the gate',
  OPTIONS,
  withRack('outbox-xmpp-expiry', async (rack, t) => {
    const { alice, bob, gate, stopInside, startInside } = await meet(rack)
    await gate.changeOrder({ queueMaxAgeMs: 2_000 })

    await rack.step(t, 'the XMPP user', async () => {
      bob.client.send(`<message to='${ALICE}' type='chat' id='x0'><body>there?</body></message>`)
      await alice.waitForRequest('MESSAGE', (message) => message.body === 'there?')
      await stopInside()
      bob.client.send(`<message to='${ALICE}' type='chat' id='x1'><body>in vain</body></message>`)
      const told = await bob.client.whenSeen(({ body }) => body.includes('was not delivered'))
      assert.equal(told.from, 'contoso.example', 'the gate says so itself, not the person')
      assert.match(told.body, /^Your message of .* UTC to alice@contoso\.example was not delivered: .* could not be reached in time\.$/)
      await startInside()
    })

    await rack.step(t, 'the SIP user, in words', async () => {
      assert.equal(await say(alice, 'direct'), 200)
      await stopProsody(bob, gate)
      assert.equal(await say(alice, 'in vain'), 202)
      const notice = await alice.waitForRequest('MESSAGE', (message) =>
        headerOf(message, 'From').includes('gatehouse@edge-in.contoso.example'),
      )
      assert.match(notice.body, /to bob@jabber\.example was not delivered: the other side could not be reached in time\.$/)
    })

    await rack.step(t, 'the SIP user, by the receipt that was asked for (RFC 5438)', async () => {
      const cpim = `From: <sip:${ALICE}>\r\nTo: <sip:bob@${JABBER}>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: n1\r\nimdn.Disposition-Notification: negative-delivery\r\n\r\nContent-Type: text/plain\r\n\r\nin vain too`
      const headers = [['Content-Type', 'message/cpim']] as const
      const answer = await alice.request('MESSAGE', `sip:bob@${JABBER}`, { headers, body: cpim })
      assert.equal(statusOf(answer), 202)
      const receipt = await alice.waitForRequest('MESSAGE', (message) => message.body.includes('<message-id>n1</message-id>'))
      assert.match(receipt.body, /<delivery-notification><status><failed\/>/)
    })
  }),
)
