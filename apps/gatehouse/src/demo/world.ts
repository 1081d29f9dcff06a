import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority, DnsServer, HomeServer, type SipUser } from '@gatehouse/lab'
import { freePort } from './jabber/free-port.ts'
import { type JabberSite, openJabber } from './jabber/jabber-site.ts'
import { loopbackAddresses } from './loopback.ts'
import { Organisation } from './organisation.ts'
import { clearinghousePolicy, contosoPolicy, fabrikamPolicy } from './policies.ts'

export interface WorldOptions {
  /** Folder for the control sockets, relative or short: a socket's path holds about a hundred bytes. Undefined: with the state. */
  readonly controlFolder: string | undefined
  /** Program of a Prosody for the public network; undefined: a stand-in plays it. */
  readonly prosody: string | undefined
}

/** Everybody in the demo. */
export interface World {
  /** Temporary folder with all state, configurations and logs. */
  readonly folder: string
  readonly contoso: Organisation
  readonly fabrikam: Organisation
  readonly clearinghouse: Organisation
  /** Servers of others, without a Gatehouse. */
  readonly northwind: HomeServer
  readonly woodgrove: HomeServer
  readonly alice: SipUser
  readonly bob: SipUser
  readonly carol: SipUser
  readonly dave: SipUser
  readonly nina: SipUser
  readonly eve: SipUser
  /** A public XMPP network with one person, who knows nothing of SIP. */
  readonly jabber: JabberSite
  stop(options: { keepFolder: boolean }): Promise<void>
}

/** Builds it: an authority, DNS, three gateways, two foreign servers, six people, a public network. Stops what runs already when a part fails. */
export async function buildWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'))
  const started: (() => Promise<unknown>)[] = []
  const stopAll = async (keepFolder: boolean): Promise<void> => {
    for (const stop of started.reverse()) await stop()
    if (!keepFolder) rmSync(folder, { recursive: true, force: true })
  }
  try {
    const world = await assemble(folder, options, started)
    return { ...world, stop: ({ keepFolder }) => stopAll(keepFolder) }
  } catch (thrown) {
    await stopAll(false)
    throw thrown
  }
}

async function assemble(folder: string, options: WorldOptions, started: (() => Promise<unknown>)[]): Promise<Omit<World, 'stop'>> {
  const address = await loopbackAddresses()
  const authority = Authority.create({ name: 'Demo authority', organisation: 'Gatehouse demo' })
  const dns = new DnsServer()
  const { zone } = dns
  await dns.start()
  started.push(() => dns.stop())
  const dnsServer = dns.server
  const controlFolder = options.controlFolder ?? folder
  mkdirSync(controlFolder, { recursive: true, mode: 0o700 })

  const organisation = async (name: string, domain: string, host: number, socket: string, xmppPort?: number): Promise<Organisation> => {
    const made = await Organisation.start({
      name,
      domain,
      authority,
      externalAddress: address(host),
      internalAddress: address(host + 1),
      homeAddress: address(host + 2),
      folder: join(folder, name),
      control: `unix:${join(controlFolder, socket)}`,
      dnsServer,
      xmppPort,
    })
    started.push(() => made.stop())
    if (xmppPort !== undefined) zone.setSrv(`_xmpp-server._tcp.${domain}`, [{ host: `sip.${domain}`, port: xmppPort }])
    zone.setAddresses(`sip.${domain}`, [made.external.address])
    zone.setAddresses(`home.${domain}`, [address(host + 2)])
    zone.setFederation(domain, [{ host: `sip.${domain}`, port: made.external.port }])
    return made
  }
  const stranger = async (domain: string, host: number): Promise<HomeServer> => {
    const name = `sip.${domain}`
    const certificate = authority.issue({ dns: [name] })
    const made = new HomeServer({ domain, host: name, address: address(host), port: 0, certificate, caPem: authority.certificate.certPem })
    await made.start()
    started.push(() => made.stop())
    zone.setAddresses(name, [address(host)])
    zone.setFederation(domain, [{ host: name, port: made.port }])
    return made
  }

  const contoso = await organisation('contoso', 'contoso.example', 11, 'control.sock', await freePort(address(11)))
  const fabrikam = await organisation('fabrikam', 'fabrikam.example', 21, 'fabrikam.sock')
  const clearinghouse = await organisation('clearinghouse', 'clearinghouse.example', 31, 'clearinghouse.sock')
  const northwind = await stranger('northwind.example', 41)
  const woodgrove = await stranger('woodgrove.example', 51)
  const jabber = await openJabber({
    domain: 'jabber.example',
    user: 'juliet',
    address: address(61),
    authority,
    prosody: options.prosody,
    folder: join(folder, 'jabber'),
    dnsServer,
    publish: (port) => {
      zone.setAddresses('xmpp.jabber.example', [address(61)])
      zone.setSrv('_xmpp-server._tcp.jabber.example', [{ host: 'xmpp.jabber.example', port }])
    },
  })
  started.push(() => jabber.stop())
  northwind.setNextHop({ host: 'sip.clearinghouse.example', ...clearinghouse.external })
  woodgrove.setNextHop({ host: 'sip.contoso.example', ...contoso.external })

  const reason = 'first policy'
  await contoso.apply('contoso.yaml', contosoPolicy(fabrikam.external.port, clearinghouse.external.port), { reason })
  await fabrikam.apply('fabrikam.yaml', fabrikamPolicy(), { reason })
  await clearinghouse.apply('clearinghouse.yaml', clearinghousePolicy(contoso.external.port, northwind.port), { reason })

  return {
    folder,
    contoso,
    fabrikam,
    clearinghouse,
    northwind,
    woodgrove,
    alice: contoso.home.addUser('alice'),
    bob: contoso.home.addUser('bob'),
    carol: fabrikam.home.addUser('carol'),
    dave: fabrikam.home.addUser('dave'),
    nina: northwind.addUser('nina'),
    eve: woodgrove.addUser('eve'),
    jabber,
  }
}
