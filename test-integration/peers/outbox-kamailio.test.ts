import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import { type Federation, type FederationPlan, names, startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import type { RunningGate } from '../peers-kit/gate.ts'
import { type Kamailio, startKamailio } from '../peers-kit/kamailio.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { hasNotSeen } from '../peers-kit/scenarios.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { headerOf, methodOf, statusOf, type WireMessage } from '../peers-kit/wire-message.ts'

const TEXT = [['Content-Type', 'text/plain']] as const
const SHORT_AGE_MS = 3_000
const PATIENCE_MS = 20_000

function say(from: UdpPhone, to: UdpPhone, body: string): Promise<WireMessage> {
  return from.request('MESSAGE', `sip:${to.address}`, { headers: TEXT, body })
}

function bodiesFrom(phone: UdpPhone, sender: string): string[] {
  return phone.received
    .filter((message) => methodOf(message) === 'MESSAGE' && headerOf(message, 'From').includes(sender))
    .map(({ body }) => body)
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS
  while (!isDone() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(isDone(), what)
}

/** Stops a Kamailio and waits until the gate has noticed: what is sent in between may have arrived or not. */
async function stopAndNotice(gate: RunningGate, kamailio: Kamailio): Promise<void> {
  const before = gate.log().length
  await kamailio.stop()
  await until(
    () =>
      gate
        .log()
        .slice(before)
        .some((line) => JSON.stringify(line).includes('link down')),
    'the gate saw the link go',
  )
}

async function startAgain(rack: PeerRack, gate: RunningGate, kamailio: Kamailio, gateName: string, gateAddress: string): Promise<Kamailio> {
  const again = rack.add(await startKamailio(kamailio.plan))
  again.setHost(gateName, [gateAddress])
  again.setHost(kamailio.plan.edgeHost, ['127.0.0.1'])
  gate.retryOutbox()
  return again
}

function federation(rack: PeerRack, more: FederationPlan = {}): Promise<Federation> {
  return startFederation(rack, {
    ...more,
    hasOutbox: true,
    nextHop: { imMode: 'page', imdn: true },
    partnerPolicy: (port) => ({ edge: `${names.partner}:${port}`, queue: {} }),
    morePolicy: policyDocument('InternalDomain', 'wide', { domain: 'wide.example' }),
  })
}

// contoso: phones – Kamailio (inside next hop) – Gatehouse ══ mutual TLS ══ Kamailio (partner) – phones: fabrikam.
test(
  'messages wait for a Kamailio that is away',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('outbox', async (rack, t) => {
    const { contoso, fabrikam, gates, addresses } = await federation(rack)
    const [gate, address] = [gates[0]!, addresses[0]!]
    const { alice, anna } = contoso.phones as { alice: UdpPhone; anna: UdpPhone }
    const { bob, berta } = fabrikam.phones as { bob: UdpPhone; berta: UdpPhone }
    let partner = fabrikam.kamailio

    await rack.step(t, 'with the partner there, nothing waits', async () => {
      assert.equal(statusOf(await say(alice, bob, 'direct')), 200)
    })

    await rack.step(t, 'with the partner away they are accepted, not delivered', async () => {
      await stopAndNotice(gate, partner)
      for (let number = 1; number <= 5; number++) assert.equal(statusOf(await say(alice, bob, `a${number}`)), 202)
      for (let number = 1; number <= 3; number++) assert.equal(statusOf(await say(anna, berta, `b${number}`)), 202)
    })

    await rack.step(t, 'a message inside a session, and a session, do not wait', async () => {
      const { answer } = await alice.invite(`sip:${bob.address}`)
      assert.ok(statusOf(answer) >= 500, answer.startLine)
    })

    await rack.step(t, 'with the partner back they come in order, once, with the sender’s own identifiers', async () => {
      partner = await startAgain(rack, gate, partner, names.pool, address)
      await until(() => bodiesFrom(bob, 'alice').length >= 6 && bodiesFrom(berta, 'anna').length >= 3, 'all arrived')
      const after = await say(alice, bob, 'a6')
      assert.equal(statusOf(after), 200, 'nothing waits any more')
      await bob.waitForRequest('MESSAGE', (message) => message.body === 'a6')
      assert.deepEqual(bodiesFrom(bob, 'alice'), ['direct', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6'])
      assert.deepEqual(bodiesFrom(berta, 'anna'), ['b1', 'b2', 'b3'])
      const sent = alice.received.filter((message) => statusOf(message) === 202).map((message) => headerOf(message, 'Call-ID'))
      const got = bob.received.filter((message) => /^a[1-5]$/.test(message.body)).map((message) => headerOf(message, 'Call-ID'))
      assert.deepEqual(got, sent)
    })

    await rack.step(t, 'what is blocked in between is not delivered, and its sender is told', async () => {
      await stopAndNotice(gate, partner)
      assert.equal(statusOf(await say(alice, bob, 'too late')), 202)
      assert.equal(statusOf(await say(anna, berta, 'still welcome')), 202)
      const block = policyDocument('BlockEntry', 'bob', { address: bob.address, owner: 'security', reason: 'test' })
      await gate.changeOrder({ policy: gate.policy() + block })
      partner = await startAgain(rack, gate, partner, names.pool, address)
      await berta.waitForRequest('MESSAGE', (message) => message.body === 'still welcome')
      const notice = await alice.waitForRequest('MESSAGE', (message) =>
        headerOf(message, 'From').includes('gatehouse@edge-in.contoso.example'),
      )
      assert.match(notice.body, /^Your message of .* UTC to bob@fabrikam\.example was not delivered\.$/)
      assert.ok(hasNotSeen(bob, 'MESSAGE', 'too late'))
    })
  }),
)

test(
  'a message that waited too long: its sender is told, in words or by a receipt',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('outbox-expiry', async (rack, t) => {
    const { contoso, fabrikam, gates, addresses } = await federation(rack)
    const [gate, address] = [gates[0]!, addresses[0]!]
    const { alice, anna } = contoso.phones as { alice: UdpPhone; anna: UdpPhone }
    const { bob } = fabrikam.phones as { bob: UdpPhone }
    await gate.changeOrder({ queueMaxAgeMs: SHORT_AGE_MS })
    await stopAndNoticeLater(gate, fabrikam.kamailio, () => say(alice, bob, 'direct'))

    await rack.step(t, 'in words', async () => {
      const acceptedMs = performance.now()
      assert.equal(statusOf(await say(alice, bob, 'in vain')), 202)
      const notice = await alice.waitForRequest('MESSAGE', (message) =>
        headerOf(message, 'From').includes('gatehouse@edge-in.contoso.example'),
      )
      assert.match(notice.body, /to bob@fabrikam\.example was not delivered: the other side could not be reached in time\.$/)
      assert.ok(performance.now() - acceptedMs >= SHORT_AGE_MS)
    })

    await rack.step(t, 'by a receipt, who asked for one (RFC 5438)', async () => {
      const body = [
        'From: <sip:anna@contoso.example>',
        'To: <sip:bob@fabrikam.example>',
        'NS: imdn <urn:ietf:params:imdn>',
        'imdn.Message-ID: 34jk324j',
        'imdn.Disposition-Notification: positive-delivery, negative-delivery',
        '',
        'Content-Type: text/plain',
        '',
        'wrapped',
      ].join('\r\n')
      const answer = await anna.request('MESSAGE', `sip:${bob.address}`, { headers: [['Content-Type', 'message/cpim']], body })
      assert.equal(statusOf(answer), 202)
      const receipt = await anna.waitForRequest('MESSAGE', (message) => message.body.includes('34jk324j'))
      assert.equal(headerOf(receipt, 'Content-Type'), 'message/cpim')
      assert.match(receipt.body, /<delivery-notification><status><failed\/><\/status><\/delivery-notification>/)
    })

    await rack.step(t, 'and it is not delivered afterwards', async () => {
      await startAgain(rack, gate, fabrikam.kamailio, names.pool, address)
      const after = await say(alice, bob, 'now')
      assert.ok([200, 202].includes(statusOf(after)), after.startLine)
      // Nothing waited when the partner came back, so nobody dialled at once: the link's own back-off may last longer than messages wait here.
      gate.retryOutbox()
      await bob.waitForRequest('MESSAGE', (message) => message.body === 'now')
      assert.deepEqual(bodiesFrom(bob, 'alice'), ['direct', 'now'])
      assert.deepEqual(bodiesFrom(bob, 'anna'), [])
    })
  }),
)

test(
  'messages from outside wait for an inside that is away',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('outbox-inside', async (rack, t) => {
    const { contoso, fabrikam, gates, addresses } = await federation(rack, { queuesInside: true })
    const [gate, address] = [gates[0]!, addresses[0]!]
    const { alice } = contoso.phones as { alice: UdpPhone }
    const { bob } = fabrikam.phones as { bob: UdpPhone }

    await rack.step(t, 'accepted outside, delivered when the home server is back', async () => {
      await stopAndNoticeLater(gate, contoso.kamailio, () => say(bob, alice, 'direct'))
      assert.equal(statusOf(await say(bob, alice, 'w1')), 202)
      assert.equal(statusOf(await say(bob, alice, 'w2')), 202)
      await startAgain(rack, gate, contoso.kamailio, names.internalPool, address)
      await alice.waitForRequest('MESSAGE', (message) => message.body === 'w2')
      assert.deepEqual(bodiesFrom(alice, 'bob'), ['direct', 'w1', 'w2'])
    })
  }),
)

/** The same for a link that has to be there first. */
async function stopAndNoticeLater(gate: RunningGate, kamailio: Kamailio, use: () => Promise<WireMessage>): Promise<void> {
  assert.equal(statusOf(await use()), 200)
  await stopAndNotice(gate, kamailio)
}
