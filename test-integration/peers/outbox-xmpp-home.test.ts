import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, DnsServer } from '@gatehouse/lab'
import { writeCertificate } from '../peers-kit/certificates.ts'
import { names, startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { RunningGate } from '../peers-kit/gate.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { headerOf, statusOf } from '../peers-kit/wire-message.ts'
import { startXmppPerson, type XmppPerson } from '../peers-kit/xmpp-person.ts'
import { skipWithoutXmppUser } from '../peers-kit/xmpp-user.ts'

const BOB = 'bob@fabrikam.example'
const CHAT = 'chat.contoso.example'
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const FIVE = ['1', '2', '3', '4', '5'] as const
const POLICY = `---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: {name: chat}
spec: {domain: ${CHAT}, homeSystem: xmpp, queue: {}}
`

interface Meeting {
  readonly bob: UdpPhone
  readonly carol: XmppPerson
  readonly gate: RunningGate
}

/** bob's phone – Kamailio of the partner – Gatehouse (edge, bridge, outbox) ══ server to server ══ Prosody, our home system – carol's client. */
async function meet(rack: PeerRack): Promise<Meeting> {
  const ca = Authority.create({ name: 'XMPP Lab' })
  const dns = rack.add(new DnsServer())
  await dns.start()
  for (const host of [names.home, names.partner, 'localhost']) dns.zone.setAddresses(host, ['127.0.0.1'])
  const [outside, home] = (await freePorts(2)) as [number, number]
  // for the home system the gate is the partner's domain
  dns.zone.setSrv('_xmpp-server._tcp.fabrikam.example', [{ host: 'localhost', port: home }])
  const carol = await startXmppPerson(rack, dns, { domain: CHAT, user: 'carol', ca, isKnown: true })
  const own = writeCertificate(
    rack.path('bridge'),
    'gate',
    ca.issue({ commonName: 'gate', dns: ['contoso.example', 'fabrikam.example'] }),
    [ca],
  )
  const settings = {
    listen: { address: '127.0.0.1', port: outside },
    home: {
      listen: { address: '127.0.0.1', port: home },
      servers: [{ server: CHAT, host: 'localhost', port: carol.serverPort }],
      domains: ['fabrikam.example'],
    },
  }
  const { fabrikam, gates } = await startFederation(rack, {
    hasOutbox: true,
    morePolicy: POLICY,
    moreDomains: [CHAT],
    dnsServer: () => Promise.resolve(dns.server),
    bridge: {
      networks: { home: { protocol: 'xmpp', settings } },
      certificates: [{ certFile: own.certFile, keyFile: own.keyFile }],
      trust: [{ name: 'xmpp', files: [own.caFile] }],
      dns: { servers: [dns.server] },
    },
  })
  return { bob: fabrikam.phones['bob']!, carol, gate: gates[0]! }
}

async function say(bob: UdpPhone, body: string): Promise<number> {
  return statusOf(await bob.request('MESSAGE', `sip:carol@${CHAT}`, { headers: PLAIN, body }))
}

function heardBy({ client }: XmppPerson): string[] {
  return client.seen().flatMap(({ event, body, from }) => (event === 'message' && body !== '' && from.startsWith(BOB) ? [body] : []))
}

/** Until the gate has noticed, what is sent may have arrived or not. */
async function stopHome({ carol, gate }: Meeting): Promise<void> {
  const before = gate.log().length
  await carol.server.stop()
  const isNoticed = (): boolean =>
    gate
      .log()
      .slice(before)
      .some(({ message, msg }) => /XMPP stream/.test(`${message ?? msg}`))
  for (const deadlineMs = performance.now() + 30_000; !isNoticed() && performance.now() < deadlineMs; )
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(isNoticed(), 'the gate saw the stream go')
}

const OPTIONS = { skip: skipWithout('kamailio', 'kamcmd', 'prosody') || skipWithoutXmppUser(), timeout: 180_000 }

test(
  'a partner on SIP writes to a home system on Prosody that is away: kept, in order and once when it is back, told when it does not come back',
  OPTIONS,
  withRack('outbox-xmpp-home', async (rack, t) => {
    const meeting = await meet(rack)
    const { bob, gate } = meeting
    let { carol } = meeting

    await rack.step(t, 'with it there, nothing waits', async () => {
      assert.equal(await say(bob, 'direct'), 200)
      await carol.client.whenSeen(({ body }) => body === 'direct')
    })

    await rack.step(t, 'five messages while it is away', async () => {
      await stopHome({ ...meeting, carol })
      for (const number of FIVE) assert.equal(await say(bob, `c${number}`), 202)
      carol = await carol.startAgain()
      gate.retryOutbox()
      await carol.client.whenSeen(({ body }) => body === 'c5')
      assert.equal(await say(bob, 'c6'), 200, 'nothing waits any more')
      await carol.client.whenSeen(({ body }) => body === 'c6')
      assert.deepEqual(heardBy(carol), ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
    })

    await rack.step(t, 'it stays away: the partner’s user is told', async () => {
      await gate.changeOrder({ queueMaxAgeMs: 2_000 })
      await stopHome({ ...meeting, carol })
      assert.equal(await say(bob, 'in vain'), 202)
      const notice = await bob.waitForRequest('MESSAGE', (message) => headerOf(message, 'From').includes(`gatehouse@${CHAT}`))
      assert.match(notice.body, /to carol@chat\.contoso\.example was not delivered: the other side could not be reached in time\.$/)
    })
  }),
)
