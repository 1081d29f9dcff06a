import { copyFileSync } from 'node:fs'
import { Authority } from '@gatehouse/lab'
import { freePort, issueFiles, type PeerRack } from '@gatehouse/test-integration'
import { startChild, startListener, stopChild } from '../processes/bench-child.ts'
import { processCost } from '../processes/process-cost.ts'
import { startGatehouseRelay } from '../relays/gatehouse-relay.ts'
import type { RunningRelay } from '../relays/relay-case.ts'
import type { HandshakeOrder, HandshakeOutcome } from './handshake-client-process.ts'

interface Handshakes {
  readonly perS: number
  readonly cpuUs: number
  /** Of the client, which shares the machine: with both one knows how many connections its cores can have at all. */
  readonly clientUs: number
  readonly failed: number
}

export interface HandshakeResult {
  readonly case: 'handshakes'
  /** Mutual TLS 1.3, ECDSA P-256: the gate with its own judgement of the peer's chain. */
  readonly gate: Handshakes
  readonly gateResumed: Handshakes
  /** Share of the connections that should have been resumed and were. */
  readonly resumedShare: number
  /** While the gate's own certificate is replaced on disk again and again. */
  readonly gateReloading: Handshakes
  readonly reloads: number
  /** A bare TLS server in Node with the same certificates, before and after the gate; the time with less CPU. */
  readonly floor: Handshakes
  /** CPU of the gate over that of the bare server. */
  readonly ratioToFloor: number
  readonly floorResumed: Handshakes
}

const HOST = '127.0.0.1'
const RELOAD_EVERY_MS = 500

/** New connections: in full, resumed, and while the certificate changes. */
export async function measureHandshakes(rack: PeerRack, seconds: number): Promise<HandshakeResult> {
  const folder = rack.path('handshakes')
  const authority = Authority.create({ name: 'Bench CA' })
  const server = issueFiles(folder, authority, 'edge.contoso.example')
  const peer = issueFiles(folder, authority, 'edge.fabrikam.example')
  const other = issueFiles(rack.path('handshakes-next'), authority, 'edge.contoso.example')
  const order = (port: number, isResuming: boolean): HandshakeOrder => {
    return { host: HOST, port, servername: 'edge.contoso.example', ...peer, isResuming, measureMs: seconds * 1000 }
  }
  const floorPort = await freePort()
  const bare = await startListener('cases/idle-floor-process.ts', { host: HOST, port: floorPort, ...server })
  const bareServer: RunningRelay = {
    processes: [{ name: 'floor', pid: bare.pid as number, isOwn: true }],
    stop: () => stopChild(bare),
  }
  try {
    const floorBefore = await drive(bareServer, order(floorPort, false))
    const floorResumed = await drive(bareServer, order(floorPort, true))
    const port = await freePort()
    const limits = { maxConnections: 100_000, maxConnectionsPerAddress: 100_000, connectsPerSecondPerAddress: 100_000 }
    const upstream = { upstreamHost: HOST, upstreamPort: await freePort(), upstreamName: 'home.contoso.example' }
    const gate = await startGatehouseRelay({ host: HOST, port, ...server, ...upstream, domains: ['fabrikam.example'] }, `${folder}/gate`, {
      duty: 'off',
      hasArchive: false,
      limits,
    })
    try {
      const full = await drive(gate, order(port, false))
      const resumed = await drive(gate, order(port, true))
      let reloads = 0
      const timer = setInterval(() => {
        reloads += 1
        const from = reloads % 2 === 1 ? other : { ...server, certFile: `${server.certFile}.first`, keyFile: `${server.keyFile}.first` }
        copyFileSync(from.keyFile, server.keyFile)
        copyFileSync(from.certFile, server.certFile)
      }, RELOAD_EVERY_MS)
      copyFileSync(server.certFile, `${server.certFile}.first`)
      copyFileSync(server.keyFile, `${server.keyFile}.first`)
      const reloading = await drive(gate, order(port, false))
      clearInterval(timer)
      const floorAfter = await drive(bareServer, order(floorPort, false))
      const floor = [floorBefore.handshakes, floorAfter.handshakes].toSorted((a, b) => a.cpuUs - b.cpuUs)[0] as Handshakes
      return {
        case: 'handshakes',
        gate: full.handshakes,
        gateResumed: resumed.handshakes,
        resumedShare: resumed.resumedShare,
        gateReloading: reloading.handshakes,
        reloads,
        floor,
        ratioToFloor: Math.round((full.handshakes.cpuUs / floor.cpuUs) * 1000) / 1000,
        floorResumed: floorResumed.handshakes,
      }
    } finally {
      await gate.stop()
    }
  } finally {
    await bareServer.stop()
  }
}

async function drive(server: RunningRelay, order: HandshakeOrder): Promise<{ handshakes: Handshakes; resumedShare: number }> {
  const pid = server.processes[0]?.pid as number
  const client = startChild('cases/handshake-client-process.ts', order)
  const clientPid = client.pid as number
  let beforeMs = 0
  let clientBeforeMs = 0
  try {
    const outcome = await new Promise<HandshakeOutcome>((resolve, reject) => {
      client.on('message', (message: HandshakeOutcome | 'measuring') => {
        if (message !== 'measuring') return resolve(message)
        beforeMs = processCost(pid).cpuMs
        clientBeforeMs = processCost(clientPid).cpuMs
      })
      client.once('exit', (code) => reject(new Error(`the handshake client ended with code ${code}`)))
    })
    const usOf = (fromMs: number, toMs: number): number => Math.round(((toMs - fromMs) * 1000) / Math.max(1, outcome.done))
    const cpuUs = usOf(beforeMs, processCost(pid).cpuMs)
    const clientUs = usOf(clientBeforeMs, processCost(clientPid).cpuMs)
    const perS = Math.round((outcome.done / order.measureMs) * 1000)
    return {
      handshakes: { perS, cpuUs, clientUs, failed: outcome.failed },
      resumedShare: Math.round((outcome.resumed / Math.max(1, outcome.done)) * 100) / 100,
    }
  } finally {
    await stopChild(client)
  }
}
