import type { ChildProcess } from 'node:child_process'
import { Authority } from '@gatehouse/lab'
import { type CertificateFiles, freePort, issueFiles, type PeerRack } from '@gatehouse/test-integration'
import type { IdleOrder, RelayOrder } from '../load/load-orders.ts'
import { startChild, startListener, stopChild } from '../processes/bench-child.ts'
import { residentKb } from '../processes/process-cost.ts'
import { startGatehouseRelay } from '../relays/gatehouse-relay.ts'
import type { RunningRelay } from '../relays/relay-case.ts'

export interface IdleResult {
  readonly case: 'idle'
  readonly connections: number
  /** Resident memory of the gate, divided by connections. */
  readonly kbPerConnection: number
  /** The same of a bare TLS server in Node. */
  readonly floorKbPerConnection: number
  readonly residentMb: number
}

const HOST = '127.0.0.1'
/** Each opens half: neither end may run into its limit of open files. */
const CLIENTS = 2
const SETTLE_MS = 3000

/** How much memory the gate needs per TLS peer that is connected, has sent one keep-alive and is silent. A string says why it could not be measured. */
export async function measureIdle(rack: PeerRack, connections: number): Promise<IdleResult | string> {
  const folder = rack.path('idle')
  const authority = Authority.create({ name: 'Bench CA' })
  const server = issueFiles(folder, authority, 'edge.contoso.example')
  const client = issueFiles(folder, authority, 'edge.fabrikam.example')
  const floorPort = await freePort()
  const floor = await crowd(await bareServer({ host: HOST, port: floorPort, ...server }), floorPort, client, connections)
  if (typeof floor === 'string') return floor
  const port = await freePort()
  const order: RelayOrder = {
    host: HOST,
    port,
    ...server,
    upstreamHost: HOST,
    upstreamPort: await freePort(),
    upstreamName: 'home.contoso.example',
    domains: ['fabrikam.example'],
  }
  const limits = {
    maxConnections: connections + 100,
    maxConnectionsPerAddress: connections + 100,
    connectsPerSecondPerAddress: connections,
  }
  const gate = await crowd(
    await startGatehouseRelay(order, `${folder}/gate`, { duty: 'off', hasArchive: false, limits }),
    port,
    client,
    connections,
  )
  if (typeof gate === 'string') return gate
  return {
    case: 'idle',
    connections,
    kbPerConnection: Math.round((gate.addedKb / connections) * 10) / 10,
    floorKbPerConnection: Math.round((floor.addedKb / connections) * 10) / 10,
    residentMb: Math.round(gate.residentKb / 1024),
  }
}

async function bareServer(order: object): Promise<RunningRelay> {
  const child = await startListener('cases/idle-floor-process.ts', order)
  return { processes: [{ name: 'floor', pid: child.pid as number, isOwn: true }], stop: () => stopChild(child) }
}

/** Fills a server with silent peers and reads its memory before and after; stops it in any case. */
async function crowd(
  server: RunningRelay,
  port: number,
  files: CertificateFiles,
  connections: number,
): Promise<{ addedKb: number; residentKb: number } | string> {
  const pid = server.processes[0]?.pid as number
  const clients: ChildProcess[] = []
  try {
    const beforeKb = residentKb(pid)
    for (let each = 0; each < CLIENTS; each += 1) {
      const order: IdleOrder = {
        host: HOST,
        port,
        servername: 'edge.contoso.example',
        ...files,
        connections: Math.floor(connections / CLIENTS),
        sourceAddresses: 8,
      }
      const client = startChild('cases/idle-client-process.ts', order)
      clients.push(client)
      const outcome = await new Promise<{ open: number; failed: number }>((resolve, reject) => {
        client.once('message', (message) => resolve(message as { open: number; failed: number }))
        client.once('exit', (code) => reject(new Error(`the idle client ended with code ${code}`)))
      })
      if (outcome.failed > 0) return `${outcome.failed} of ${connections} connections failed (is "ulimit -n" above ${connections + 200}?)`
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const afterKb = residentKb(pid)
    return { addedKb: afterKb - beforeKb, residentKb: afterKb }
  } finally {
    await Promise.all(clients.map(stopChild))
    await server.stop()
  }
}
