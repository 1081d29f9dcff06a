import { mkdirSync } from 'node:fs'
import { DnsServer } from '@gatehouse/lab'
import { contosoPolicy, freePort, policyDocument, type RunningGate, startGate } from '@gatehouse/test-integration'
import type { RelayOrder } from '../load/load-orders.ts'
import { startNullCollector } from './null-collector.ts'
import type { RunningRelay } from './relay-case.ts'

export interface GatehousePlan {
  readonly duty: 'off' | 'required'
  /** An archive in the same process. */
  readonly hasArchive: boolean
  /** host:port of a NATS server; absent: the bus inside the process. */
  readonly natsServer?: string
  readonly replica?: string
  /** Part of the messages that is traced; absent: none, and no collector. */
  readonly traceRatio?: number
  readonly limits?: Readonly<Record<string, number>>
  /** Of V8, in the place of the usual ones. */
  readonly nodeFlags?: readonly string[]
}

export function benchPolicy(duty: 'off' | 'required', domains: readonly string[]): string {
  const partners = domains.map((domain, index) =>
    policyDocument('Partner', `partner-${index}`, { domains: [domain], edge: `edge.${domain}` }),
  )
  return contosoPolicy({ settings: { unverified: { message: 'deliver', presence: 'allow' } }, archiving: { duty } }) + partners.join('')
}

/** Our federation-peer in a process of its own; the whole way of a message, rules and all, as it runs in production. */
export async function startGatehouseRelay(order: RelayOrder, folder: string, plan: GatehousePlan): Promise<RunningRelay> {
  mkdirSync(folder, { recursive: true })
  const dns = new DnsServer()
  const dnsAt = await dns.start()
  dns.zone.setAddresses(order.upstreamName, [order.upstreamHost])
  const certificate = { certFile: order.certFile, keyFile: order.keyFile }
  const collector = plan.traceRatio === undefined ? undefined : await startNullCollector()
  const gate: RunningGate = await startGate(folder, plan.replica ?? 'gate', {
    policy: benchPolicy(plan.duty, order.domains),
    logLevel: 'warn',
    ...(collector === undefined ? {} : { traces: { endpoint: collector.endpoint, ratio: plan.traceRatio ?? 0 } }),
    ...(plan.hasArchive ? { archive: { folder: `${folder}/archive` } } : {}),
    ...(plan.nodeFlags === undefined ? {} : { nodeFlags: plan.nodeFlags }),
    ...(plan.natsServer === undefined ? {} : { natsServer: plan.natsServer }),
    config: {
      ...(plan.replica === undefined ? {} : { replica: plan.replica }),
      externalEdge: { name: 'edge.contoso.example', listen: { address: order.host, port: order.port }, certificate },
      internalEdge: {
        name: 'edge-in.contoso.example',
        listen: { address: order.host, port: await freePort() },
        certificate,
        nextHop: { host: order.upstreamName, port: order.upstreamPort, links: 2 },
      },
      trust: [{ name: 'bench', files: [order.caFile] }],
      dns: { servers: [`${dnsAt.address}:${dnsAt.port}`] },
      limits: plan.limits ?? {},
      drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
    },
  })
  return {
    processes: [{ name: plan.replica ?? 'gate', pid: gate.process.pid, isOwn: true }],
    takePauses: () => gate.takePauses(),
    async stop() {
      await gate.stop()
      // a figure without a trace behind it would be none
      if (collector !== undefined && collector.bytes() === 0) throw new Error('the collector got no traces')
      await collector?.stop()
      await dns.stop()
    },
  }
}
