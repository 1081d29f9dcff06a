import { Authority } from '@gatehouse/lab'
import { freePort, issueFiles, type PeerRack } from '@gatehouse/test-integration'
import { startChild, stopChild } from './bench-child.ts'
import type { IdleOrder, RelayOrder } from './child-messages.ts'
import { startGatehouseRelay } from './gatehouse-relay.ts'
import { residentKb } from './process-cost.ts'

export interface IdleResult {
  readonly case: 'idle'
  readonly connections: number
  readonly residentMbBefore: number
  readonly residentMbAfter: number
  readonly kbPerConnection: number
}

const HOST = '127.0.0.1'
/** Each opens half: neither end may run into its limit of open files. */
const CLIENTS = 2
const SETTLE_MS = 3000

/** How much memory the gate needs per TLS peer that is connected, has sent one keep-alive and is silent. A string says why it could not be measured. */
export async function measureIdle(rack: PeerRack, connections: number): Promise<IdleResult | string> {
  const folder = rack.path('idle')
  const authority = Authority.create({ name: 'Bench CA' })
  const port = await freePort()
  const order: RelayOrder = {
    host: HOST,
    port,
    ...issueFiles(folder, authority, 'edge.contoso.example'),
    upstreamHost: HOST,
    upstreamPort: await freePort(),
    upstreamName: 'home.contoso.example',
  }
  const gate = await startGatehouseRelay(order, `${folder}/gate`, 'off', {
    maxConnections: connections + 100,
    maxConnectionsPerAddress: connections + 100,
    connectsPerSecondPerAddress: connections,
  })
  const pid = gate.pids[0] as number
  const clientFiles = issueFiles(folder, authority, 'edge.fabrikam.example')
  const clients: ReturnType<typeof startChild>[] = []
  try {
    const beforeKb = residentKb(pid)
    let open = 0
    for (let each = 0; each < CLIENTS; each += 1) {
      const client = startChild('idle-client-process.ts', {
        host: HOST,
        port,
        servername: 'edge.contoso.example',
        ...clientFiles,
        connections: Math.floor(connections / CLIENTS),
        sourceAddresses: 8,
      } satisfies IdleOrder)
      clients.push(client)
      const outcome = await new Promise<{ open: number; failed: number }>((resolve, reject) => {
        client.once('message', (message) => resolve(message as { open: number; failed: number }))
        client.once('exit', (code) => reject(new Error(`the idle client ended with code ${code}`)))
      })
      open += outcome.open
      if (outcome.failed > 0) return `${outcome.failed} of ${connections} connections failed (is "ulimit -n" above ${connections + 200}?)`
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const afterKb = residentKb(pid)
    return {
      case: 'idle',
      connections: open,
      residentMbBefore: Math.round(beforeKb / 1024),
      residentMbAfter: Math.round(afterKb / 1024),
      kbPerConnection: Math.round(((afterKb - beforeKb) / open) * 10) / 10,
    }
  } finally {
    await Promise.all(clients.map(stopChild))
    await gate.stop()
  }
}
