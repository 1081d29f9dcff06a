import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority, DnsServer } from '@gatehouse/lab'
import { issueFiles, writeCertificate } from '../peers-kit/certificates.ts'
import { contosoPolicy, policyDocument } from '../peers-kit/contoso-policy.ts'
import { names } from '../peers-kit/federation.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { planOrganisation, startOrganisation } from '../peers-kit/organisation.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { startXmppPerson } from '../peers-kit/xmpp-person.ts'
import type { XmppUser } from '../peers-kit/xmpp-user.ts'
import { OtlpCollector } from './otlp-collector.ts'

export const JABBER = 'jabber.example'
const CLI = [
  '--conditions=@gatehouse/source',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../apps/gatehouse/src/main.ts'),
]

/** A site whose services are processes of their own over a real nats-server, all of which tell one collector what messages go through. */
export interface TracedSite {
  /** On Kamailio, inside. */
  readonly alice: UdpPhone
  /** On Prosody, on the network `jabber`. */
  readonly bob: XmppUser
  /** On the Kamailio of the partner fabrikam. */
  readonly carol: UdpPhone
  readonly collector: OtlpCollector
  /** Socket of the edge. */
  readonly edgeSocket: string
  readonly archiveSocket: string
  /** Everything that all services have logged so far. */
  logs(): string
  /** Runs the command line to its end; what it printed. Throws when it failed. */
  readonly cli: (...args: readonly string[]) => string
  /** Starts the command line and waits for a line that it prints. */
  startCli(ready: RegExp, ...args: readonly string[]): Promise<ManagedProcess>
  /** Stops the services, which send what they still have to say. */
  stopServices(): Promise<void>
}

export interface TracedSitePlan {
  /** Part of the messages that is traced; default all. */
  readonly ratio?: number
  /** Further fields of the partner fabrikam. */
  readonly partner?: object
}

export async function startTracedSite(rack: PeerRack, { ratio = 1, partner = {} }: TracedSitePlan = {}): Promise<TracedSite> {
  const collector = rack.add(await OtlpCollector.start())
  const dns = rack.add(new DnsServer())
  await dns.start()
  for (const host of [names.home, names.partner, 'localhost']) dns.zone.setAddresses(host, ['127.0.0.1'])
  const nats = rack.add(await startNats(rack.path('nats')))
  const insideCa = Authority.create({ name: 'Contoso Inside CA' })
  const contosoCa = Authority.create({ name: 'Contoso Federation CA' })
  const fabrikamCa = Authority.create({ name: 'Fabrikam CA' })
  const [external, internal, xmpp] = (await freePorts(3)) as [number, number, number]
  dns.zone.setSrv('_xmpp-server._tcp.contoso.example', [{ host: 'localhost', port: xmpp }])
  const bob = (await startXmppPerson(rack, dns, { domain: JABBER, user: 'bob', ca: contosoCa, isKnown: true })).client
  const home = {
    domain: 'contoso.example',
    edgeHost: names.home,
    users: ['alice'],
    authority: insideCa,
    peerDomains: [],
    peerName: names.internalPool,
  }
  const homeSite = await planOrganisation(rack, home)
  const partnerSite = await planOrganisation(rack, {
    domain: 'fabrikam.example',
    edgeHost: names.partner,
    users: ['carol'],
    authority: fabrikamCa,
    trusted: [contosoCa],
    peerDomains: ['contoso.example'],
    peerName: names.pool,
  })
  const externalFiles = issueFiles(rack.path('gate-external'), contosoCa, names.pool, [fabrikamCa])
  const internalFiles = issueFiles(rack.path('gate-internal'), insideCa, names.internalPool)
  const own = writeCertificate(
    rack.path('gate-xmpp'),
    'contoso',
    contosoCa.issue({ commonName: 'contoso.example', dns: ['contoso.example'] }),
    [contosoCa],
  )
  const keys = { token: rack.path('token.key'), addresses: rack.path('addresses.key'), seal: rack.path('seal.key') }
  for (const file of Object.values(keys)) writeFileSync(file, file === keys.addresses ? randomBytes(32).toString('hex') : randomBytes(32))
  const config = (name: string): object => ({
    stateDir: rack.path(`${name}/state`),
    bus: { driver: 'nats', servers: [nats.server] },
    telemetry: {
      log: { level: 'debug' },
      addresses: { keyFile: keys.addresses },
      traces: { ratio },
      otlp: { endpoint: collector.endpoint, metricsIntervalS: 2 },
    },
    federationPeer: {
      replica: 'edge-0',
      externalEdge: { name: names.pool, listen: { address: '127.0.0.1', port: external }, certificate: pairOf(externalFiles) },
      internalEdge: {
        name: names.internalPool,
        listen: { address: '127.0.0.1', port: internal },
        certificate: pairOf(internalFiles),
        nextHop: { host: names.home, port: homeSite.tlsPort, links: 1 },
      },
      trust: [
        { name: 'partners', files: [externalFiles.caFile] },
        { name: 'inside', files: [internalFiles.caFile], use: 'internal' },
      ],
      dns: { servers: [dns.server] },
      routing: { tokenKeyFile: keys.token },
      policy: { publicKeyFile: rack.path('policy/state/policy.db.key.pub') },
      drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
    },
    publicImBridge: {
      replica: 'bridge-0',
      sealKeyFile: keys.seal,
      networks: { jabber: { protocol: 'xmpp', settings: { listen: { address: '127.0.0.1', port: xmpp }, outgoing: 'dialback' } } },
      certificates: [pairOf(own)],
      trust: [{ name: 'xmpp', files: [own.caFile] }],
      dns: { servers: [dns.server] },
      policy: { publicKeyFile: rack.path('policy/state/policy.db.key.pub') },
    },
  })
  const services: ManagedProcess[] = []
  const start = async (name: string): Promise<void> => {
    const folder = rack.path(name)
    mkdirSync(folder, { recursive: true })
    // YAML 1.2 is a superset of JSON
    writeFileSync(join(folder, 'gatehouse.yaml'), JSON.stringify(config(name)))
    const plan = { command: process.execPath, args: [...CLI, 'service', name, '--config', 'gatehouse.yaml'], cwd: folder }
    const ready = { line: /control +unix:/ }
    services.push(rack.add(await startProcess({ ...plan, name, logFile: join(folder, 'log'), ready, readyTimeoutMs: 60_000 })))
  }
  const cli = (...args: readonly string[]): string => {
    const run = spawnSync(process.execPath, [...CLI, ...args], { cwd: rack.folder, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`gatehouse ${args[0]} ended with ${run.status}: ${run.stderr}${run.stdout}`)
    return run.stdout
  }
  await start('policy')
  await Promise.all([start('archive'), start('federation-peer'), start('public-im-bridge')])
  writeFileSync(rack.path('policy.yaml'), policyOf(partnerSite.tlsPort, partner))
  cli('apply', '-f', 'policy.yaml', '--connect', `unix:${rack.path('policy/.gatehouse/policy.sock')}`)
  const gateAt = (host: string, port: number) => ({ host, port, addresses: ['127.0.0.1'] })
  const contoso = await startOrganisation(rack, homeSite, gateAt(names.internalPool, internal))
  const fabrikam = await startOrganisation(rack, partnerSite, gateAt(names.pool, external))
  return {
    alice: contoso.phones['alice'] as UdpPhone,
    carol: fabrikam.phones['carol'] as UdpPhone,
    bob,
    collector,
    edgeSocket: `unix:${rack.path('federation-peer/.gatehouse/federation-peer.sock')}`,
    archiveSocket: `unix:${rack.path('archive/.gatehouse/archive.sock')}`,
    cli,
    logs: () => services.map(({ logFile }) => readFileSync(logFile, 'utf8')).join(''),
    startCli: async (line, ...args) => {
      const logFile = rack.path(`cli-${args[0]}.log`)
      return rack.add(
        await startProcess({
          name: `gatehouse ${args[0]}`,
          command: process.execPath,
          args: [...CLI, ...args],
          cwd: rack.folder,
          logFile,
          ready: { line },
          readyTimeoutMs: 60_000,
        }),
      )
    },
    stopServices: async () => {
      await Promise.all(services.map((service) => service.stop()))
    },
  }
}

function pairOf(files: { certFile: string; keyFile: string }): { certFile: string; keyFile: string } {
  return { certFile: files.certFile, keyFile: files.keyFile }
}

function policyOf(partnerPort: number, partner: object): string {
  const fabrikam = { edge: `${names.partner}:${partnerPort}`, dialect: 'standard', ...partner }
  return (
    contosoPolicy({
      settings: { unverified: { message: 'deliver', presence: 'allow' } },
      archiving: { duty: 'required', body: true },
      fabrikam,
    }) + policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: [JABBER], public: false, enabled: true })
  )
}
