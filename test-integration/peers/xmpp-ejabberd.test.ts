import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { skipWithoutEjabberd, startEjabberd } from '../peers-kit/ejabberd.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { toXmpp } from '../peers-kit/xmpp-handover.ts'
import { startXmppSite } from '../peers-kit/xmpp-site.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'

const DOMAIN = 'adatum.example'

test(
  'ejabberd, SASL EXTERNAL: a text each way',
  { skip: skipWithoutEjabberd() || skipWithoutXmppUser(), timeout: 90_000 },
  withRack('ejabberd', async (rack) => {
    const site = await startXmppSite(rack)
    const [clientPort, serverPort] = (await freePorts(2)) as [number, number]
    const folder = rack.path('ejabberd')
    mkdirSync(folder, { recursive: true })
    site.publish(DOMAIN, { starttls: serverPort })
    const certificate = site.certificateFor(DOMAIN)
    rack.add(
      await startEjabberd({
        domain: DOMAIN,
        address: '127.0.0.1',
        clientPort,
        serverPort,
        certificate,
        folder,
        nameServer: site.dns.server,
      }),
    )
    const carol = rack.add(await XmppUser.start({ jid: `carol@${DOMAIN}`, password: 'any', host: '127.0.0.1', port: clientPort, folder }))
    const outcome = await site.connector.send(toXmpp(`carol@${DOMAIN}`, { kind: 'message', messageId: 'm1', text: 'Grüße <&> 👋' }))
    assert.equal(outcome.status, 'delivered', JSON.stringify(outcome))
    assert.equal((await carol.whenSeen(({ event }) => event === 'message')).body, 'Grüße <&> 👋')
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
