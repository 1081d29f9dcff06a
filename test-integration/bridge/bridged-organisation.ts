import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { createEmbeddedBus } from '@gatehouse/bus'
import { Authority, DnsServer, HomeServer } from '@gatehouse/lab'
import { ArchiveRecordSchema, ArchiveService, type Entry, PolicyAdminService } from '@gatehouse/proto'
import { bridgeConfigOf } from '@gatehouse/public-im-bridge'
import { connectRpc, type RpcConnection } from '@gatehouse/rpc'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import { buildGateway, type GatehouseConfig, gatehouseConfig } from 'gatehouse'
import type { PeerRack } from '../peers-kit/peer-rack.ts'

export interface BridgedOptions {
  readonly domain: string
  readonly connectors: readonly ConnectorFactory<never>[]
  readonly networks: Readonly<Record<string, unknown>>
  readonly policy: string
}

/** One organisation as `gatehouse up` would run it, with networks of the test's choosing; its users have a SIP home server. */
export interface BridgedOrganisation {
  readonly home: HomeServer
  /** What the gateway is told of names; it knows the home server's already. */
  readonly dns: DnsServer
  readonly connection: RpcConnection
  /** Entries of the archive, newest first, once there are at least `count`. */
  entries(count: number): Promise<readonly Entry[]>
}

export async function startBridgedOrganisation(rack: PeerRack, options: BridgedOptions): Promise<BridgedOrganisation> {
  const { domain } = options
  const folder = rack.path(domain)
  mkdirSync(folder, { recursive: true })
  const authority = Authority.create({ name: 'Bridge test CA' })
  const homeHost = `home.${domain}`
  const home = new HomeServer({
    domain,
    host: homeHost,
    address: '127.0.0.1',
    port: 0,
    certificate: authority.issue({ dns: [homeHost] }),
    caPem: authority.certificate.certPem,
  })
  await home.start()
  rack.add(home)
  const dns = new DnsServer()
  await dns.start()
  rack.add(dns)
  dns.zone.setAddresses(homeHost, ['127.0.0.1'])
  const config = configOf(folder, authority, { homePort: home.port, dnsServer: dns.server }, options)
  const log = createLogger({ service: domain, level: 'info', destination: createWriteStream(join(folder, 'gatehouse.log')) })
  const deps = { bus: createEmbeddedBus(), log, metrics: new MetricsRegistry(), connectors: options.connectors }
  const gateway = await buildGateway(config, deps)
  const { internal, control } = await gateway.start()
  rack.add(gateway)
  if (internal !== undefined) home.setNextHop({ host: `gate.${domain}`, ...internal })
  const connection = connectRpc(control, { deadlineMs: 10_000 })
  rack.onStop(() => connection.close())
  const files = [{ name: 'policy.yaml', text: options.policy }]
  const { problems } = await connection.client(PolicyAdminService).apply({ files, author: 'test', reason: 'test' })
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
  return { home, dns, connection, entries: (count) => entriesOf(connection, count) }
}

function configOf(
  folder: string,
  authority: Authority,
  around: { homePort: number; dnsServer: string },
  options: BridgedOptions,
): GatehouseConfig {
  const { domain, connectors, networks } = options
  const certificate = (name: string, host: string): { certFile: string; keyFile: string } => {
    const { chainPem, keyPem } = authority.issue({ dns: [host] })
    const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) }
    writeFileSync(files.certFile, chainPem)
    writeFileSync(files.keyFile, keyPem, { mode: 0o600 })
    return files
  }
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.certificate.certPem)
  const listen = { address: '127.0.0.1', port: 0 }
  const base = gatehouseConfig.parse({
    stateDir: join(folder, 'state'),
    control: { listen: `unix:${join(folder, 'control.sock')}` },
    outbox: { enabled: false },
    federationPeer: {
      replica: domain,
      externalEdge: { name: `sip.${domain}`, listen, certificate: certificate('external', `sip.${domain}`) },
      internalEdge: {
        name: `gate.${domain}`,
        listen,
        certificate: certificate('internal', `gate.${domain}`),
        nextHop: { host: `home.${domain}`, port: around.homePort },
      },
      trust: [{ name: 'lab', files: [caFile] }],
      dns: { servers: [around.dnsServer] },
      drain: { graceMs: 0, finishMs: 1_000, closeMs: 0 },
    },
  })
  return { ...base, publicImBridge: bridgeConfigOf(connectors).parse({ networks, stopGraceMs: 500 }) }
}

async function entriesOf(connection: RpcConnection, count: number): Promise<readonly Entry[]> {
  const deadlineMs = performance.now() + 10_000
  for (;;) {
    const found: Entry[] = []
    for await (const { record } of connection.client(ArchiveService).search({ limit: 100, reason: 'test' })) {
      const { content } = fromBinary(ArchiveRecordSchema, record?.record ?? new Uint8Array())
      if (content.case === 'entry') found.push(content.value)
    }
    if (found.length >= count) return found
    if (performance.now() > deadlineMs) throw new Error(`the archive has ${found.length} entries, not ${count}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
