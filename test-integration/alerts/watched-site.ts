import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { ChaosSender } from '../chaos/chaos-sender.ts'
import { Ledger } from '../chaos/ledger.ts'
import { runCli } from '../chaos/rig.ts'
import { names, sitesPolicy, startSites } from '../chaos/sites.ts'
import { planReplicas, type RollingReplica } from '../operations/rolling-rig.ts'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { startPostgres } from '../peers-kit/postgres.ts'
import { type RunningPrometheus, startPrometheus } from '../peers-kit/prometheus.ts'

export interface WatchedSite {
  readonly prometheus: RunningPrometheus
  readonly replicas: readonly RollingReplica[]
  /** Connects the control socket of a replica's service for the command line. */
  readonly socketOf: (service: string) => string
}

/** Two replicas of each service under load, some of which policy refuses, and a Prometheus that scrapes them. */
export async function startWatchedSite(rack: PeerRack): Promise<WatchedSite> {
  const ledger = new Ledger()
  const sites = await startSites(rack, ledger)
  const nats = rack.add(await startNats(rack.path('nats')))
  // the server runs as a user of its own
  chmodSync(rack.folder, 0o711)
  mkdirSync(rack.path('database'))
  chmodSync(rack.path('database'), 0o777)
  const postgres = rack.add(await startPostgres(rack.path('database')))
  const replicas = await planReplicas(rack, {
    sites,
    natsServer: nats.server,
    policyDatabase: await postgres.makeDatabase('policy'),
    archiveDatabase: await postgres.makeDatabase('archive'),
  })
  const socketOf = (service: string): string => replicas.find((replica) => replica.service === service)?.controlSocket ?? ''
  for (const replica of replicas) if (replica.service !== 'federation-peer') await replica.start()
  const policy = rack.path('policy.yaml')
  const block = policyDocument('BlockEntry', 'user2', { address: 'user2@fabrikam.example', owner: 'test', reason: 'test' })
  writeFileSync(policy, sitesPolicy(sites) + block)
  const applied = await runCli(rack, 'apply', '-f', policy, '--connect', `unix:${socketOf('policy')}`)
  if (applied.status !== 0) throw new Error(applied.output)
  const edges = replicas.filter((replica) => replica.service === 'federation-peer')
  for (const edge of edges) await edge.start()
  const targets = replicas.map(({ name, healthPort }) => ({ name, port: healthPort }))
  const prometheus = rack.add(await startPrometheus(rack.path('prometheus'), targets))
  for (const [index, edge] of edges.entries()) {
    for (const user of ['user0', 'user2']) {
      const sender = new ChaosSender(
        {
          name: `${user}-${index}`,
          from: `${user}@fabrikam.example`,
          to: 'user1@contoso.example',
          host: names.partner,
          certificate: sites.partnerCertificate,
          caPem: sites.caPem,
          servername: names.external,
          ports: [edge.port],
          messagesPerSecond: user === 'user0' ? 40 : 4,
        },
        ledger,
      )
      rack.onStop(() => sender.stop())
      sender.start()
    }
    const outward = new ChaosSender(
      {
        name: `out-${index}`,
        from: 'user1@contoso.example',
        to: 'user0@fabrikam.example',
        host: names.home,
        certificate: sites.homeCertificate,
        caPem: sites.caPem,
        servername: names.internal,
        ports: [edge.internalPort],
        messagesPerSecond: 20,
      },
      ledger,
    )
    rack.onStop(() => outward.stop())
    outward.start()
  }
  return { prometheus, replicas, socketOf }
}
