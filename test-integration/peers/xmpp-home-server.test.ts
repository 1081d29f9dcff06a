import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { DnsServer } from '@gatehouse/lab'
import { skipWithoutEjabberd, startEjabberd } from '../peers-kit/ejabberd.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { startProsody } from '../peers-kit/prosody.ts'
import { toXmpp } from '../peers-kit/xmpp-handover.ts'
import { startXmppSite, type XmppSite } from '../peers-kit/xmpp-site.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'

/** Ours: its people are on a real XMPP server inside. */
const HOME = 'adatum.example'
/** Somebody else's, not on XMPP: the gate is this domain for the home server. */
const OUTSIDE = 'fabrikam.example'
const CAROL = `carol@${HOME}`

interface Home {
  readonly site: XmppSite
  readonly carol: XmppUser
}

/** carol's client – home server ══ server to server ══ the gate as fabrikam.example. */
async function homeWith(rack: PeerRack, server: 'prosody' | 'ejabberd', auth: 'certificate' | 'dialback'): Promise<Home> {
  const dns = rack.add(new DnsServer())
  await dns.start()
  const [clientPort, serverPort, directPort, homePort] = (await freePorts(4)) as [number, number, number, number]
  const site = await startXmppSite(rack, {
    dns,
    served: [HOME],
    // without a name for the outside domain the home server has to go by dialback
    alsoCertified: auth === 'certificate' ? [OUTSIDE] : [],
    config: {
      home: {
        listen: { address: '127.0.0.1', port: homePort },
        servers: [{ server: HOME, host: 'localhost', port: serverPort, tls: 'starttls' }],
        domains: [OUTSIDE],
        auth,
      },
    },
  })
  site.publish(OUTSIDE, { starttls: homePort })
  const folder = rack.path(server)
  mkdirSync(folder, { recursive: true })
  const shared = {
    domain: HOME,
    address: '127.0.0.1',
    clientPort,
    serverPort,
    folder,
    nameServer: dns.server,
    certificate: site.certificateFor(HOME),
  }
  if (server === 'ejabberd') rack.add(await startEjabberd(shared))
  else rack.add(await startProsody({ ...shared, directPort, users: { carol: 'any' }, allowsDialback: auth === 'dialback' }))
  const carol = rack.add(await XmppUser.start({ jid: CAROL, password: 'any', host: '127.0.0.1', port: clientPort, folder }))
  return { site, carol }
}

async function chat({ site: { connector, context }, carol }: Home): Promise<void> {
  const from = { from: `zoe@${OUTSIDE}`, side: 'internal' } as const
  const outcome = await connector.send(toXmpp(CAROL, { kind: 'message', messageId: 'm1', text: 'Grüße <&> 👋' }, from))
  assert.equal(outcome.status, 'delivered', `${outcome.code} ${outcome.detail}`)
  const seen = await carol.whenSeen(({ event }) => event === 'message')
  assert.deepEqual([seen.body, seen.from.startsWith(`zoe@${OUTSIDE}`)], ['Grüße <&> 👋', true])
  carol.send(`<message to='zoe@${OUTSIDE}' type='chat' id='c1'><body>from inside</body></message>`)
  const incoming = await context.whenReceived(({ content }) => content.kind === 'message' && content.text === 'from inside')
  assert.deepEqual(
    [incoming.side, incoming.from, incoming.to, incoming.evidence],
    ['internal', { user: 'carol', domain: HOME }, { user: 'zoe', domain: OUTSIDE }, { class: 'V3', by: 'home-server' }],
  )
  const nobody = await connector.send(toXmpp(`nobody@${HOME}`, { kind: 'message', messageId: 'm2', text: 'hello?' }, from))
  assert.deepEqual([nobody.status, nobody.code, nobody.isCertain], ['failed', 'GH-XMPP-BOUNCED', true])
}

const PROSODY = { skip: skipWithout('prosody') || skipWithoutXmppUser(), timeout: 90_000 }
const EJABBERD = { skip: skipWithoutEjabberd() || skipWithoutXmppUser(), timeout: 90_000 }

test(
  'Prosody as a home system, server to server: by certificate',
  PROSODY,
  withRack('home-prosody', async (rack) => {
    const home = await homeWith(rack, 'prosody', 'certificate')
    await chat(home)
    home.site.context.answerWith(() => ({
      status: 'failed',
      code: 'GH-POLICY-BLOCKED',
      detail: 'blocked',
      isCertain: true,
      retry: 'never',
      sipStatus: 403,
      remoteId: '',
      notice: 'not allowed',
    }))
    home.carol.send(`<message to='zoe@${OUTSIDE}' type='chat' id='c2'><body>blocked</body></message>`)
    const error = await home.carol.whenSeen(({ type, id }) => type === 'error' && id === 'c2')
    assert.match(error.xml, /forbidden/)
  }),
)

test(
  'Prosody as a home system, server to server: by dialback, both ways',
  PROSODY,
  withRack('home-prosody-dialback', async (rack) => chat(await homeWith(rack, 'prosody', 'dialback'))),
)

test(
  'ejabberd as a home system, server to server: by certificate',
  EJABBERD,
  withRack('home-ejabberd', async (rack) => chat(await homeWith(rack, 'ejabberd', 'certificate'))),
)
