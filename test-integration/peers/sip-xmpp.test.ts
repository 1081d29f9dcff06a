import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, DnsServer } from '@gatehouse/lab'
import { writeCertificate } from '../peers-kit/certificates.ts'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import { names, startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { publish } from '../peers-kit/scenarios.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { headerOf, statusOf } from '../peers-kit/wire-message.ts'
import { startXmppPerson } from '../peers-kit/xmpp-person.ts'
import { skipWithoutXmppUser, type XmppUser } from '../peers-kit/xmpp-user.ts'

const ALICE = 'alice@contoso.example'
const JABBER = 'jabber.example'
const STRANGER = 'stranger.example'
const BOB = `sip:bob@${JABBER}`
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const POLICY =
  policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: [JABBER, STRANGER], public: false, enabled: true }) +
  policyDocument('ContentFilter', 'links', { links: { action: 'block' } })

interface Meeting {
  readonly alice: UdpPhone
  readonly bob: XmppUser
  readonly stranger: XmppUser
}

/** alice's phone – Kamailio – Gatehouse (endpoint, bus, bridge, XMPP connector) – Prosody – bob's client. */
async function meet(rack: PeerRack, nextHop: { readonly imMode: 'page' | 'session'; readonly imdn?: boolean }): Promise<Meeting> {
  const ca = Authority.create({ name: 'XMPP Lab' })
  const dns = rack.add(new DnsServer())
  await dns.start()
  for (const host of [names.home, names.partner, 'localhost']) dns.zone.setAddresses(host, ['127.0.0.1'])
  const [port] = (await freePorts(1)) as [number]
  dns.zone.setSrv('_xmpp-server._tcp.contoso.example', [{ host: 'localhost', port }])
  const bob = (await startXmppPerson(rack, dns, { domain: JABBER, user: 'bob', ca, isKnown: true })).client
  const stranger = (await startXmppPerson(rack, dns, { domain: STRANGER, user: 'eve', ca, isKnown: false })).client
  const folder = rack.path('bridge')
  const own = writeCertificate(folder, 'contoso', ca.issue({ commonName: 'contoso.example', dns: ['contoso.example'] }), [ca])
  const { contoso } = await startFederation(rack, {
    nextHop,
    morePolicy: POLICY,
    unverified: { message: 'refuse', presence: 'block' },
    dnsServer: () => Promise.resolve(dns.server),
    bridge: {
      networks: { jabber: { protocol: 'xmpp', settings: { listen: { address: '127.0.0.1', port }, outgoing: 'dialback' } } },
      certificates: [{ certFile: own.certFile, keyFile: own.keyFile }],
      trust: [{ name: 'xmpp', files: [own.caFile] }],
      dns: { servers: [dns.server] },
    },
  })
  return { alice: contoso.phones['alice']!, bob, stranger }
}

const OPTIONS = { skip: skipWithout('kamailio', 'kamcmd', 'prosody') || skipWithoutXmppUser(), timeout: 120_000 }

test(
  'A SIP user on Kamailio and an XMPP user on Prosody chat',
  OPTIONS,
  withRack('sip-xmpp', async (rack, t) => {
    const { alice, bob, stranger } = await meet(rack, { imMode: 'page', imdn: true })

    await rack.step(t, 'text, both ways', async () => {
      const sent = await alice.request('MESSAGE', BOB, { headers: PLAIN, body: 'Grüße <&> an Bob' })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const seen = await bob.whenSeen(({ event, body }) => event === 'message' && body === 'Grüße <&> an Bob')
      assert.ok(seen.from.startsWith(ALICE), seen.from)
      bob.send(`<message to='${ALICE}' type='chat' id='b1'><body>and back – 👋</body></message>`)
      const got = await alice.waitForRequest('MESSAGE', (request) => request.body === 'and back – 👋')
      assert.match(headerOf(got, 'From'), /<sip:bob@jabber\.example>/)
      assert.match(headerOf(got, 'ms-edge-proxy-message-trust'), /ms-source-verified-user=verified/)
    })

    await rack.step(t, 'typing, both ways', async () => {
      const composing = `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>`
      await alice.request('MESSAGE', BOB, { headers: [['Content-Type', 'application/im-iscomposing+xml']], body: composing })
      await bob.whenSeen(({ xml }) => xml.includes('composing'))
      bob.send(`<message to='${ALICE}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`)
      await alice.waitForRequest('MESSAGE', (request) => request.body.includes('<state>active</state>'))
    })

    await rack.step(t, 'receipts, both ways', async () => {
      const cpim = `From: <sip:${ALICE}>\r\nTo: <${BOB}>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: p1\r\nimdn.Disposition-Notification: positive-delivery\r\n\r\nContent-Type: text/plain\r\n\r\ndid you get this?`
      await alice.request('MESSAGE', BOB, { headers: [['Content-Type', 'message/cpim']], body: cpim })
      const asked = await bob.whenSeen(({ body }) => body === 'did you get this?')
      assert.match(asked.xml, /urn:xmpp:receipts/)
      bob.send(`<message to='${ALICE}' type='chat'><received xmlns='urn:xmpp:receipts' id='${asked.id}'/></message>`)
      await alice.waitForRequest(
        'MESSAGE',
        (request) => request.body.includes('<message-id>p1</message-id>') && request.body.includes('<delivered/>'),
      )
      bob.send(`<message to='${ALICE}' type='chat' id='b2'><body>and this?</body><request xmlns='urn:xmpp:receipts'/></message>`)
      const wrapped = await alice.waitForRequest('MESSAGE', (request) => request.body.endsWith('and this?'))
      assert.match(wrapped.body, /imdn\.Message-ID: b2/)
      const imdn = `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>b2</message-id><delivery-notification><status><delivered/></status></delivery-notification></imdn>`
      const body = `From: <sip:${ALICE}>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n${imdn}`
      assert.equal(statusOf(await alice.request('MESSAGE', BOB, { headers: [['Content-Type', 'message/cpim']], body })), 200)
      await bob.whenSeen(({ xml }) => xml.includes('urn:xmpp:receipts') && xml.includes('b2') && xml.includes('received'))
    })

    await rack.step(t, 'a link is refused in both directions', async () => {
      const refused = await alice.request('MESSAGE', BOB, { headers: PLAIN, body: 'see http://x.example/' })
      assert.equal(statusOf(refused), 606, refused.startLine)
      bob.send(`<message to='${ALICE}' type='chat' id='b3'><body>see http://y.example/</body></message>`)
      await bob.whenSeen(({ type, id }) => type === 'error' && id === 'b3')
      assert.ok(!alice.received.some((message) => message.body.includes('y.example')))
    })

    await rack.step(t, 'an unverified stranger is held back', async () => {
      stranger.send(`<message to='${ALICE}' type='chat' id='e1'><body>you know me</body></message>`)
      await stranger.whenSeen(({ type, id }) => type === 'error' && id === 'e1', 30_000)
      assert.ok(!alice.received.some((message) => message.body.includes('you know me')))
    })

    await rack.step(t, 'somebody who does not exist, and a user of ours who does not', async () => {
      const answer = await alice.request('MESSAGE', `sip:nobody@${JABBER}`, { headers: PLAIN, body: 'hello?' })
      assert.ok(statusOf(answer) >= 400, answer.startLine)
      bob.send(`<message to='nobody@contoso.example' type='chat' id='b4'><body>hello?</body></message>`)
      await bob.whenSeen(({ type, id }) => type === 'error' && id === 'b4')
    })
  }),
)

test(
  'A SIP user in a session and an XMPP user see each other and chat',
  OPTIONS,
  withRack('sip-xmpp-session', async (rack, t) => {
    const { alice, bob } = await meet(rack, { imMode: 'session' })

    await rack.step(t, 'a session of the SIP user: text, typing, its end', async () => {
      const { answer, dialog } = await alice.invite(BOB)
      assert.equal(statusOf(answer), 200, answer.startLine)
      assert.equal(statusOf(await dialog.request('MESSAGE', { headers: PLAIN, body: 'in a session' })), 200)
      await bob.whenSeen(({ body }) => body === 'in a session')
      bob.send(`<message to='${ALICE}' type='chat' id='s1'><body>in yours</body></message>`)
      const got = await alice.waitForRequest('MESSAGE', (request) => request.body === 'in yours')
      assert.equal(headerOf(got, 'Call-ID'), headerOf(answer, 'Call-ID'))
      bob.send(`<message to='${ALICE}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`)
      await alice.waitForRequest('INFO', (request) => request.body.includes('status="type"'))
      assert.equal(statusOf(await dialog.request('BYE')), 200)
    })

    await rack.step(t, 'a session that the XMPP user’s message opens', async () => {
      bob.send(`<message to='${ALICE}' type='chat' id='s2'><body>anew</body></message>`)
      await alice.waitForRequest('INVITE')
      await alice.waitForRequest('MESSAGE', (request) => request.body === 'anew')
    })

    await rack.step(t, 'presence, both ways', async () => {
      const answer = await alice.request('SUBSCRIBE', BOB, {
        headers: [
          ['Event', 'presence'],
          ['Accept', 'application/pidf+xml'],
          ['Expires', '600'],
          ['Contact', alice.contact],
        ],
      })
      assert.equal(statusOf(answer), 200, answer.startLine)
      await bob.whenSeen(({ event, type }) => event === 'presence' && type === 'subscribe')
      bob.send(`<presence to='${ALICE}' type='subscribed'/>`)
      bob.send(`<presence><show>away</show><status>at lunch</status></presence>`)
      const seen = await alice.waitForRequest('NOTIFY', (request) => request.body.includes('at lunch'))
      assert.match(seen.body, /<show xmlns="jabber:client">away<\/show>/)

      bob.send(`<presence to='${ALICE}' type='subscribe'/>`)
      await bob.whenSeen(({ event, type }) => event === 'presence' && type === 'subscribed')
      await publish(alice, 'open')
      await bob.whenSeen(({ event, type, from }) => event === 'presence' && type === '' && from.startsWith(ALICE))
    })
  }),
)
