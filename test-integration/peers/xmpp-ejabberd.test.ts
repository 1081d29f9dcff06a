import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { type EjabberdPlan, skipWithoutEjabberd, startEjabberd } from '../peers-kit/ejabberd.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { toXmpp } from '../peers-kit/xmpp-handover.ts'
import { startXmppSite, type XmppSite } from '../peers-kit/xmpp-site.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'

const DOMAIN = 'adatum.example'
const CAROL = `carol@${DOMAIN}`
const OPTIONS = { skip: skipWithoutEjabberd() || skipWithoutXmppUser(), timeout: 60_000 }

async function ejabberdWithCarol(rack: PeerRack, site: XmppSite, options: Partial<EjabberdPlan> = {}): Promise<XmppUser> {
  const [clientPort, serverPort] = (await freePorts(2)) as [number, number]
  const folder = rack.path('ejabberd')
  mkdirSync(folder, { recursive: true })
  site.publish(DOMAIN, { starttls: serverPort })
  const certificate = options.certificate ?? site.certificateFor(DOMAIN)
  const plan = {
    domain: DOMAIN,
    address: '127.0.0.1',
    clientPort,
    serverPort,
    folder,
    nameServer: site.dns.server,
    ...options,
    certificate,
  }
  rack.add(await startEjabberd(plan))
  return rack.add(await XmppUser.start({ jid: CAROL, password: 'any', host: '127.0.0.1', port: clientPort, folder }))
}

test(
  'ejabberd over SASL EXTERNAL: a text each way, typing, somebody who does not exist',
  OPTIONS,
  withRack('ejabberd', async (rack) => {
    const site = await startXmppSite(rack)
    const carol = await ejabberdWithCarol(rack, site)
    const outcome = await site.connector.send(toXmpp(CAROL, { kind: 'message', messageId: 'm1', text: 'Grüße <&> 👋' }))
    assert.equal(outcome.status, 'delivered', outcome.detail)
    assert.equal((await carol.whenSeen(({ event }) => event === 'message')).body, 'Grüße <&> 👋')
    await site.connector.sendTyping(toXmpp(CAROL, { kind: 'typing', state: 'composing' }))
    await carol.whenSeen(({ xml }) => xml.includes('composing'))
    carol.send(`<message to='alice@contoso.example' type='chat' id='c1'><body>hello back</body></message>`)
    const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.deepEqual(
      [incoming.evidence, incoming.from],
      [
        { class: 'V3', by: 'sasl-external' },
        { user: 'carol', domain: DOMAIN },
      ],
    )
    const nobody = await site.connector.send(toXmpp(`nobody@${DOMAIN}`, { kind: 'message', messageId: 'm2', text: 'hello?' }))
    assert.deepEqual([nobody.status, nobody.code, nobody.isCertain], ['failed', 'GH-XMPP-BOUNCED', true])
  }),
)

test(
  'ejabberd by dialback alone: V0',
  OPTIONS,
  withRack('ejabberd-dialback', async (rack) => {
    const stranger = Authority.create({ name: 'Nobody knows it' })
    const site = await startXmppSite(rack, { gateAuthority: stranger, config: { outgoing: 'dialback' } })
    const carol = await ejabberdWithCarol(rack, site, { certificate: site.certificateFor(DOMAIN, stranger) })
    const outcome = await site.connector.send(toXmpp(CAROL, { kind: 'message', messageId: 'm1', text: 'hello' }))
    assert.equal(outcome.status, 'delivered', outcome.detail)
    await carol.whenSeen(({ body }) => body === 'hello')
    carol.send(`<message to='alice@contoso.example' type='chat' id='c1'><body>hello back</body></message>`)
    const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.deepEqual(incoming.evidence, { class: 'V0', by: 'dialback' })
  }),
)

test(
  'ejabberd as home system: a whole outside domain is handed over to the gate as a component (XEP-0114)',
  OPTIONS,
  withRack('ejabberd-component', async (rack) => {
    const [port] = (await freePorts(1)) as [number]
    const domain = 'partner.example'
    const secretFile = rack.path('component-secret')
    writeFileSync(secretFile, 'correct horse\n')
    const components = [{ host: '127.0.0.1', port, server: DOMAIN, domain, secretFile }]
    const site = await startXmppSite(rack, { config: { components } })
    const carol = await ejabberdWithCarol(rack, site, { component: { port, domain, secret: 'correct horse' } })
    await site.context.whenReported(({ peer, state }) => peer === DOMAIN && state === 'connected')
    const handover = toXmpp(
      CAROL,
      { kind: 'message', messageId: 'm1', text: 'from a partner' },
      { from: `paul@${domain}`, side: 'internal' },
    )
    const outcome = await site.connector.send(handover)
    assert.equal(outcome.status, 'delivered', outcome.detail)
    assert.equal((await carol.whenSeen(({ body }) => body !== '')).from, `paul@${domain}/gatehouse`)
    carol.send(`<message to='paul@${domain}' type='chat' id='c1'><body>hello Paul</body></message>`)
    const incoming = await site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.deepEqual([incoming.side, incoming.from, incoming.to], ['internal', { user: 'carol', domain: DOMAIN }, { user: 'paul', domain }])
  }),
)
