import { mkdirSync } from 'node:fs'
import { DnsServer } from '@gatehouse/lab'
import { freePort, type RunningGate, startGate } from '@gatehouse/test-integration'
import type { RelayOrder } from './child-messages.ts'
import type { RunningRelay } from './relay-case.ts'

const policyFor = (duty: 'off' | 'required'): string => `
apiVersion: gatehouse/v1
kind: FederationSettings
metadata: {name: settings}
spec: {enabled: true, unverified: {message: deliver, presence: allow}}
---
apiVersion: gatehouse/v1
kind: Archiving
metadata: {name: archiving}
spec: {duty: "${duty}"}
---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: {name: contoso}
spec: {domain: contoso.example}
---
apiVersion: gatehouse/v1
kind: Partner
metadata: {name: fabrikam}
spec: {domains: [fabrikam.example], edge: edge.fabrikam.example}
`

/** Our federation-peer in a process of its own; the whole way of a message, rules and all, as it runs in production. */
export async function startGatehouseRelay(
  order: RelayOrder,
  folder: string,
  duty: 'off' | 'required',
  limits: Readonly<Record<string, number>> = { maxOpenPerUser: 10_000 },
): Promise<RunningRelay> {
  mkdirSync(folder, { recursive: true })
  const dns = new DnsServer()
  const dnsAt = await dns.start()
  dns.zone.setAddresses(order.upstreamName, [order.upstreamHost])
  const certificate = { certFile: order.certFile, keyFile: order.keyFile }
  const gate: RunningGate = await startGate(folder, 'gate', {
    policy: policyFor(duty),
    logLevel: 'warn',
    ...(duty === 'required' ? { archive: { folder: `${folder}/archive` } } : {}),
    config: {
      externalEdge: { name: 'edge.contoso.example', listen: { address: order.host, port: order.port }, certificate },
      internalEdge: {
        name: 'edge-in.contoso.example',
        listen: { address: order.host, port: await freePort() },
        certificate,
        nextHop: { host: order.upstreamName, port: order.upstreamPort, links: 2 },
      },
      trust: [{ name: 'bench', files: [order.caFile] }],
      dns: { servers: [`${dnsAt.address}:${dnsAt.port}`] },
      limits,
      drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
    },
  })
  return {
    pids: [gate.process.pid],
    async stop() {
      await gate.stop()
      await dns.stop()
    },
  }
}
