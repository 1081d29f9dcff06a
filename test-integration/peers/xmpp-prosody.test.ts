import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { failedOutcome } from '@gatehouse/delivery'
import { Authority } from '@gatehouse/lab'
import { xmpp } from '@gatehouse/public-im-bridge'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { Peer } from '../peers-kit/peer.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { type ProsodyPlan, startProsody } from '../peers-kit/prosody.ts'
import { toXmpp } from '../peers-kit/xmpp-handover.ts'
import { startXmppSite, type XmppSite } from '../peers-kit/xmpp-site.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'

const DOMAIN = 'fabrikam.example'
const BOB = `bob@${DOMAIN}`
const OPTIONS = { skip: skipWithout('prosody') || skipWithoutXmppUser(), timeout: 60_000 }

interface Prosody {
  readonly bob: XmppUser
  readonly server: Peer
  readonly plan: ProsodyPlan
}

async function prosodyWithBob(
  rack: PeerRack,
  site: XmppSite,
  options: Partial<ProsodyPlan> & { readonly isDirect?: boolean } = {},
): Promise<Prosody> {
  const [clientPort, serverPort, directPort] = (await freePorts(3)) as [number, number, number]
  const folder = rack.path('prosody')
  mkdirSync(folder, { recursive: true })
  site.publish(DOMAIN, options.isDirect === true ? { direct: directPort } : { starttls: serverPort })
  const plan: ProsodyPlan = {
    domain: DOMAIN,
    address: '127.0.0.1',
    clientPort,
    serverPort,
    directPort,
    users: { bob: 'secret' },
    certificate: options.certificate ?? site.certificateFor(DOMAIN),
    folder,
    nameServer: site.dns.server,
    ...options,
  }
  const server = rack.add(await startProsody(plan))
  const bob = rack.add(await XmppUser.start({ jid: BOB, password: 'secret', host: '127.0.0.1', port: clientPort, folder }))
  return { bob, server, plan }
}

test(
  'Prosody over SASL EXTERNAL: texts, typing, receipts, corrections, files, presence, refusals, both ways',
  OPTIONS,
  withRack('prosody', async (rack, t) => {
    const site = await startXmppSite(rack)
    const { bob, server, plan } = await prosodyWithBob(rack, site)
    const { connector, context } = site

    await rack.step(t, 'a text each way; the server proved itself: V3', async () => {
      const outcome = await connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm1', text: 'Grüße <&> 👋', wants: ['delivered'] }))
      assert.deepEqual([outcome.status, outcome.remoteId], ['delivered', 'm1'], outcome.detail)
      const seen = await bob.whenSeen(({ event }) => event === 'message')
      assert.deepEqual([seen.body, seen.from], ['Grüße <&> 👋', 'alice@contoso.example/gatehouse'])
      assert.match(seen.xml, /urn:xmpp:receipts/)
      bob.send(
        `<message to='alice@contoso.example' type='chat' id='b1'><body>*hello* back</body><request xmlns='urn:xmpp:receipts'/></message>`,
      )
      const incoming = await context.whenReceived(({ content }) => content.kind === 'message')
      assert.deepEqual(incoming.evidence, { class: 'V3', by: 'sasl-external' })
      assert.deepEqual(incoming.from, { user: 'bob', domain: DOMAIN })
      assert.deepEqual(incoming.content, {
        kind: 'message',
        messageId: 'b1',
        text: '*hello* back',
        language: 'en',
        html: '<strong>hello</strong> back',
        wants: ['delivered'],
      })
    })

    await rack.step(t, 'typing, receipts and markers', async () => {
      await connector.sendTyping(toXmpp(BOB, { kind: 'typing', state: 'composing' }))
      await bob.whenSeen(({ xml }) => xml.includes('composing'))
      await connector.sendReceipt(toXmpp(BOB, { kind: 'receipt', of: 'b1', state: 'displayed', code: '' }))
      await bob.whenSeen(({ xml }) => xml.includes('displayed'))
      bob.send(`<message to='alice@contoso.example' type='chat'><paused xmlns='http://jabber.org/protocol/chatstates'/></message>`)
      await context.whenReceived(({ content }) => content.kind === 'typing' && content.state === 'paused')
      bob.send(`<message to='alice@contoso.example' type='chat'><received xmlns='urn:xmpp:receipts' id='m1'/></message>`)
      await context.whenReceived(({ content }) => content.kind === 'receipt' && content.of === 'm1' && content.state === 'delivered')
    })

    await rack.step(t, 'a correction, a file', async () => {
      await connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm2', text: 'Grüße!', replaces: 'm1' }))
      await bob.whenSeen(({ xml }) => xml.includes('urn:xmpp:message-correct:0'))
      const file = { url: 'https://files.example.org/a.png', name: 'a.png', mediaType: 'image/png', bytes: 5 }
      await connector.sendFiles(toXmpp(BOB, { kind: 'message', messageId: 'm3', text: '', files: [file] }))
      assert.equal((await bob.whenSeen(({ xml }) => xml.includes('jabber:x:oob'))).body, file.url)
    })

    await rack.step(t, 'somebody who does not exist: refused, with certainty', async () => {
      const outcome = await connector.send(toXmpp(`nobody@${DOMAIN}`, { kind: 'message', messageId: 'm4', text: 'hello?' }))
      assert.deepEqual([outcome.code, outcome.isCertain, outcome.sipStatus], ['GH-XMPP-BOUNCED', true, 480], outcome.detail)
    })

    await rack.step(t, 'what the gate refuses comes back with its notice; a group chat is refused politely', async () => {
      context.answerWith(() => ({
        ...failedOutcome(xmpp.codes, 'GH-XMPP-REFUSED', '', { sipStatus: 403 }),
        notice: 'Links are not allowed here.',
      }))
      bob.send(`<message to='alice@contoso.example' type='chat' id='b2'><body>http://example.org</body></message>`)
      const refusal = await bob.whenSeen(({ event, type, id }) => event === 'message' && type === 'error' && id === 'b2')
      assert.match(refusal.xml, /forbidden/)
      assert.match(refusal.xml, /Links are not allowed here\./)
      bob.send(`<message to='alice@contoso.example' type='groupchat' id='b3'><body>hello all</body></message>`)
      const group = await bob.whenSeen(({ type, id }) => type === 'error' && id === 'b3')
      assert.match(group.xml, /feature-not-implemented/)
    })

    await rack.step(t, 'subscriptions and presence', async () => {
      bob.send(`<presence to='alice@contoso.example' type='subscribe'/>`)
      await context.whenReceived(({ content }) => content.kind === 'presence' && content.type === 'subscribe')
      await connector.sendPresence(toXmpp(BOB, { kind: 'presence', type: 'subscribed' }))
      await bob.whenSeen(({ event, type }) => event === 'presence' && type === 'subscribed')
      await connector.sendPresence(toXmpp(BOB, { kind: 'presence', type: 'available', show: 'away', note: 'lunch' }))
      assert.match(
        (await bob.whenSeen(({ event, type, from }) => event === 'presence' && type === '' && from.startsWith('alice@'))).xml,
        /away.*lunch/,
      )
      await connector.sendPresence(toXmpp(BOB, { kind: 'presence', type: 'subscribe' }))
      await bob.whenSeen(({ event, type }) => event === 'presence' && type === 'subscribe')
      bob.send(`<presence to='alice@contoso.example' type='subscribed'/>`)
      await context.whenReceived(({ content }) => content.kind === 'presence' && content.type === 'subscribed')
      await context.whenReceived(({ content }) => content.kind === 'presence' && content.type === 'available')
    })

    await rack.step(t, 'the server goes away: certain failures; it comes back: messages again, in order', async () => {
      await server.stop()
      const lost = await connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm5', text: 'anybody there?' }))
      assert.deepEqual([lost.status, lost.isCertain, lost.retry], ['failed', true, 'later'], lost.detail)
      rack.add(await startProsody(plan))
      const again = rack.add(
        await XmppUser.start({ jid: BOB, password: 'secret', host: '127.0.0.1', port: plan.clientPort, folder: rack.path('prosody') }),
      )
      let first = await connector.send(toXmpp(BOB, { kind: 'message', messageId: 'n0', text: 'n0' }))
      while (first.status === 'failed') first = await connector.send(toXmpp(BOB, { kind: 'message', messageId: 'n0', text: 'n0' }))
      const names = Array.from({ length: 20 }, (_, at) => `n${at + 1}`)
      await Promise.all(names.map((name) => connector.send(toXmpp(BOB, { kind: 'message', messageId: name, text: name }))))
      await again.whenSeen(({ body }) => body === names.at(-1))
      const bodies = again.seen().flatMap(({ event, body }) => (event === 'message' && body.startsWith('n') ? [body] : []))
      assert.deepEqual(bodies, ['n0', ...names])
    })
  }),
)

test(
  'Prosody over direct TLS and both ways on one connection (XEP-0368, XEP-0288)',
  OPTIONS,
  withRack('prosody-bidi', async (rack) => {
    const site = await startXmppSite(rack)
    const { bob } = await prosodyWithBob(rack, site, { hasBidi: true, isDirect: true })
    site.dns.zone.remove('_xmpp-server._tcp.contoso.example')
    site.dns.zone.remove('_xmpps-server._tcp.contoso.example')
    const outcome = await site.connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm1', text: 'hello' }))
    assert.equal(outcome.status, 'delivered', outcome.detail)
    await bob.whenSeen(({ body }) => body === 'hello')
    // There is no other way back: our domain is not to be found in DNS any more.
    bob.send(`<message to='alice@contoso.example' type='chat' id='b1'><body>hello back</body></message>`)
    const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.equal(incoming.evidence.class, 'V3')
  }),
)

test(
  'Prosody by dialback alone: its people are V0, and nothing is sent to it unless that is configured',
  OPTIONS,
  withRack('prosody-dialback', async (rack, t) => {
    const stranger = Authority.create({ name: 'Nobody knows it' })
    const site = await startXmppSite(rack, { gateAuthority: stranger, config: { outgoing: 'dialback' } })
    const { bob } = await prosodyWithBob(rack, site, { allowsDialback: true, certificate: site.certificateFor(DOMAIN, stranger) })
    await rack.step(t, 'a text each way', async () => {
      const outcome = await site.connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm1', text: 'hello' }))
      assert.equal(outcome.status, 'delivered', outcome.detail)
      await bob.whenSeen(({ body }) => body === 'hello')
      bob.send(`<message to='alice@contoso.example' type='chat' id='b1'><body>hello back</body></message>`)
      const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
      assert.deepEqual(incoming.evidence, { class: 'V0', by: 'dialback' })
    })
    await rack.step(t, 'the standard setting sends nothing to a server without a good certificate', async () => {
      const strict = await startXmppSite(rack, { gateAuthority: stranger, dns: site.dns })
      const outcome = await strict.connector.send(toXmpp(BOB, { kind: 'message', messageId: 'm2', text: 'hello' }))
      assert.deepEqual([outcome.status, outcome.code, outcome.isCertain], ['failed', 'GH-XMPP-UNCERTIFIED', true])
    })
  }),
)

test(
  'Prosody as home system: a whole outside domain is handed over to the gate as a component (XEP-0114)',
  OPTIONS,
  withRack('prosody-component', async (rack) => {
    const [port] = (await freePorts(1)) as [number]
    const outside = 'partner.example'
    const secretFile = rack.path('component-secret')
    writeFileSync(secretFile, 'correct horse\n')
    const component = { host: '127.0.0.1', port, server: DOMAIN, domain: outside, secretFile }
    const site = await startXmppSite(rack, { config: { components: [component] } })
    const { bob } = await prosodyWithBob(rack, site, { components: { port, secrets: { [outside]: 'correct horse' } } })
    await site.context.whenReported(({ peer, state }) => peer === DOMAIN && state === 'connected')
    const handover = toXmpp(
      BOB,
      { kind: 'message', messageId: 'm1', text: 'from a partner' },
      { from: `paul@${outside}`, side: 'internal' },
    )
    const outcome = await site.connector.send(handover)
    assert.equal(outcome.status, 'delivered', outcome.detail)
    assert.equal((await bob.whenSeen(({ body }) => body !== '')).from, `paul@${outside}/gatehouse`)
    bob.send(`<message to='paul@${outside}' type='chat' id='b1'><body>hello Paul</body></message>`)
    const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.deepEqual(
      [incoming.side, incoming.from, incoming.to],
      ['internal', { user: 'bob', domain: DOMAIN }, { user: 'paul', domain: outside }],
    )
  }),
)
