import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import type { SipUser } from '@gatehouse/lab'
import { issueFiles } from '../peers-kit/certificates.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePort } from '../peers-kit/free-port.ts'
import { type Kamailio, startKamailio } from '../peers-kit/kamailio.ts'
import type { Peer } from '../peers-kit/peer.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { launchProsody } from '../peers-kit/prosody.ts'
import { UdpPhone } from '../peers-kit/udp-phone.ts'
import { statusOf } from '../peers-kit/wire-message.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'
import { launchIn } from './kit/container-launch.ts'
import type { ContainerPeer } from './kit/container-peer.ts'
import { skipWithoutEngine } from './kit/engine.ts'
import { makeImages } from './kit/images.ts'
import { Ledger } from './kit/ledger.ts'
import { ContainerSite, SERVICES, type Service } from './kit/site.ts'

const RECOVERY_TIMEOUT_MS = 60_000
const RETRY_PAUSE_MS = 200
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const OPTIONS = {
  skip: skipWithoutEngine() || skipWithout('nats-server', 'kamailio', 'kamcmd', 'prosody') || skipWithoutXmppUser(),
  timeout: 10 * 60_000,
}

/** carol@fabrikam.example on Kamailio, in the perimeter. */
async function startPartner(site: ContainerSite): Promise<{ kamailio: Kamailio; carol: UdpPhone }> {
  const folder = site.rack.path('fabrikam')
  mkdirSync(folder, { recursive: true })
  const address = site.place('perimeter', 'kamailio')
  const port = await freePort()
  const kamailio = await startKamailio(
    {
      domain: 'fabrikam.example',
      edgeHost: 'sip.fabrikam.example',
      tls: { address, port: 5061 },
      users: { address, port: 5060 },
      contacts: { carol: `sip:${site.perimeter.host}:${port};transport=udp` },
      gate: { host: 'sip.contoso.example', port: 5061 },
      peerName: 'sip.contoso.example',
      peerDomains: ['contoso.example'],
      certificate: issueFiles(folder, site.authority, 'sip.fabrikam.example'),
      folder,
    },
    launchIn(site.client, site.rack.folder, { image: site.images.peers, places: [{ network: site.perimeter, address }] }),
  )
  site.rack.add(kamailio)
  kamailio.setHost('sip.contoso.example', [site.place('perimeter', 'edge')])
  kamailio.setHost('sip.fabrikam.example', [address])
  const carol = await UdpPhone.open({
    user: 'carol',
    domain: 'fabrikam.example',
    proxy: { address, port: 5060 },
    port,
    address: site.perimeter.host,
  })
  return { kamailio, carol: site.rack.add(carol) }
}

/** bob@jabber.example on Prosody, in the perimeter. */
async function startJabber(site: ContainerSite): Promise<XmppUser> {
  const folder = site.rack.path('jabber')
  mkdirSync(folder, { recursive: true })
  const address = site.place('perimeter', 'prosody')
  const plan = {
    domain: 'jabber.example',
    address,
    clientPort: 5222,
    serverPort: 5269,
    directPort: 5270,
    users: { bob: 'secret' },
    certificate: issueFiles(folder, site.authority, 'jabber.example'),
    folder,
    nameServer: site.dns.server,
  }
  const launch = launchIn(site.client, site.rack.folder, { image: site.images.peers, places: [{ network: site.perimeter, address }] })
  site.rack.add(await launchProsody(plan, launch))
  return site.rack.add(await XmppUser.start({ jid: 'bob@jabber.example', password: 'secret', host: address, port: 5222, folder }))
}

/** Whether a program in that container reaches an address. Kamailio's image has a shell, ours have Node. */
async function reaches(peer: ContainerPeer | Peer, host: string, port: number): Promise<boolean> {
  if (!('exec' in peer)) throw new Error(`${peer.name} is no container`)
  const script = `const s=require('net').connect({host:'${host}',port:${port},timeout:1500});s.on('connect',()=>process.exit(0));s.on('error',()=>process.exit(1));s.on('timeout',()=>process.exit(1))`
  const isOurs = peer.plan.isLocked === true
  const command = isOurs
    ? ['/usr/local/bin/node', '-e', script]
    : ['/bin/bash', '-c', `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${port}'`]
  return (await peer.exec(...command)).code === 0
}

test(
  'The images together: perimeter, inside and data',
  OPTIONS,
  withRack('containers', async (rack, t) => {
    const site = await ContainerSite.plan(rack, makeImages())
    const { postgres } = await site.startBase()
    const services = {} as Record<Service, ContainerPeer>
    const ledger = new Ledger()
    const alice: SipUser = site.home.addUser('alice')
    const cli = async (service: Service, ...args: readonly string[]): Promise<string> => {
      const done = await services[service].exec('/usr/local/bin/gatehouse', ...args, '--connect', `unix:.gatehouse/${service}.sock`)
      assert.equal(done.code, 0, done.output)
      return done.output
    }

    await rack.step(t, 'every service becomes ready, as nobody, on a read-only disk', async () => {
      for (const service of SERVICES) {
        services[service] = await site.startService(service)
        if (service === 'policy') {
          t.diagnostic(`policy ready after ${await site.untilReady(service, services.policy)} ms`)
          await cli('policy', 'apply', '-f', '/etc/gatehouse/policy.yaml')
        } else t.diagnostic(`${service} ready after ${await site.untilReady(service, services[service])} ms`)
      }
    })
    const { kamailio, carol } = await startPartner(site)

    await rack.step(t, 'the database is out of reach of everything in the perimeter, the bus of the partner', async () => {
      const database = [site.place('data', 'postgres'), 5432] as const
      assert.equal(await reaches(services.policy, ...database), true)
      assert.equal(await reaches(services['federation-peer'], ...database), false)
      assert.equal(await reaches(services['public-im-bridge'], ...database), false)
      assert.equal(await reaches(kamailio.process, ...database), false)
      assert.equal(await reaches(kamailio.process, site.place('inside', 'nats'), 4222), false)
      assert.equal(await reaches(kamailio.process, site.place('perimeter', 'edge'), 5061), true)
    })

    await rack.step(t, 'SIP partner, gate, inside, and back', async () => {
      const sent = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers: PLAIN, body: 'through containers' })
      assert.equal(statusOf(sent), 200, sent.startLine)
      assert.partialDeepStrictEqual(await alice.next('message'), { text: 'through containers' })
      assert.equal((await alice.sendMessage('carol@fabrikam.example', 'and back')).status, 200)
      await carol.waitForRequest('MESSAGE', (request) => request.body === 'and back')
      ledger.answered('through containers', 'and back')
    })

    await rack.step(t, 'SIP inside, gate, bus, bridge, XMPP, and back', async () => {
      const bob = await startJabber(site)
      assert.equal((await alice.sendMessage('bob@jabber.example', 'to XMPP')).status, 200)
      await bob.whenSeen(({ event, body }) => event === 'message' && body === 'to XMPP')
      bob.send(`<message to='alice@contoso.example' type='chat' id='x1'><body>from XMPP</body></message>`)
      assert.partialDeepStrictEqual(await alice.next('message'), { text: 'from XMPP' })
      ledger.answered('to XMPP', 'from XMPP')
    })

    /** Sends until one is taken again, however the far side is broken meanwhile. */
    const sendUntilTaken = async (name: string): Promise<void> => {
      const deadline = performance.now() + RECOVERY_TIMEOUT_MS
      for (let number = 1; performance.now() < deadline; number++) {
        const text = `${name} ${number}`
        const answer = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers: PLAIN, body: text }).catch(() => undefined)
        if (answer !== undefined && statusOf(answer) === 200) return ledger.answered(text)
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS))
      }
      assert.fail(`nothing was taken again after: ${name}`)
    }
    const refused = async (text: string): Promise<void> => {
      const answer = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers: PLAIN, body: text }).catch(() => undefined)
      assert.notEqual(answer === undefined ? 0 : statusOf(answer), 200)
    }

    await rack.step(t, 'the archive is killed: nothing passes; it comes back: everything does', async () => {
      await services.archive.kill()
      await refused('while the archive is dead')
      await services.archive.startAgain()
      await sendUntilTaken('the archive is back')
    })

    await rack.step(t, 'the database is killed and comes back', async () => {
      await postgres.kill()
      await refused('while the database is dead')
      await postgres.startAgain()
      await sendUntilTaken('the database is back')
    })

    await rack.step(t, 'the edge is killed and comes back', async () => {
      await services['federation-peer'].kill()
      await services['federation-peer'].startAgain()
      t.diagnostic(`federation-peer ready again after ${await site.untilReady('federation-peer', services['federation-peer'])} ms`)
      await sendUntilTaken('the edge is back')
    })

    await rack.step(t, 'the edge loses the inside network and gets it back', async () => {
      const inside = site.placesOf('federation-peer')[1]!
      await services['federation-peer'].leave(inside)
      await refused('while the cable is out')
      await services['federation-peer'].join(inside)
      await sendUntilTaken('the cable is in again')
    })

    await rack.step(t, 'all that was answered or delivered is on record, and the record is whole', async () => {
      for (const event of alice.received) if (event.kind === 'message') ledger.delivered(event.text ?? '')
      const exported = await cli('archive', 'archive', 'export', '--out', '-')
      assert.deepEqual(ledger.missingIn(exported), [])
      await cli('archive', 'archive', 'verify')
    })

    await rack.step(t, 'SIGTERM drains: each ends with 0 by itself', async () => {
      for (const service of SERVICES.toReversed()) {
        const { id } = services[service]
        await site.client.container.getById(id).kill({ signal: 'SIGTERM' })
        assert.equal(await services[service].ended, 0, services[service].output().slice(-2_000))
      }
    })
  }),
)
