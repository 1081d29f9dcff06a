/**
 * What the edge costs: CPU per echoed message, and memory per idle connection. Prints one JSON line per case.
 *
 *   node --conditions=@gatehouse/source services/federation-peer/bench/edge-echo.ts [idle connections, default 10000]
 *
 * The peers live in a child process, so that CPU and memory are the edge's own.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'

import type { PeerIdentity } from '@gatehouse/im-model'
import { Authority } from '@gatehouse/lab'

import type { EdgeConnection, EdgeMetrics } from '../src/edge/connection.ts'
import { EdgeHub } from '../src/edge/edge-hub.ts'
import { EdgeListener } from '../src/edge/edge-listener.ts'
import { createSystemClock } from '../src/edge/system-clock.ts'
import { createEdgeContext } from '../src/edge/tls-context.ts'

/** Sizes of an ordinary MESSAGE as a gateway sees it. */
const HEAD_BYTES = 700
const BODY_BYTES = 60
const MESSAGE_BYTES = HEAD_BYTES + BODY_BYTES
const MESSAGES = 300_000
const LINKS = 4
/** Messages a peer has under way on one link. */
const WINDOW = 16

interface Order {
  readonly kind: 'load' | 'idle' | 'end'
  readonly port: number
  readonly count: number
  readonly window: number
  readonly cert: string
  readonly key: string
}

const root = process.send === undefined ? Authority.create({ name: 'Bench Root' }) : undefined

const nobody: PeerIdentity = {
  isAuthenticated: true,
  refusal: undefined,
  names: { dns: [], sipDomains: [], commonName: undefined },
  anchors: [],
  mayBeTlsClient: true,
  fingerprint: '',
  spkiPin: '',
  issuer: '',
  serial: '',
  notAfterMs: 0,
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const noMetrics: EdgeMetrics = {
  connectionOpened: () => {},
  connectionClosed: () => {},
  connectionRefused: (_side, code) => process.stderr.write(`refused ${code}\n`),
  handshakeCompleted: () => {},
  bytesRead: () => {},
  bytesWritten: () => {},
  dialFailed: () => {},
  certificateReloaded: () => {},
}

function answered(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('message', () => resolve()))
}

/** CPU of this process while the child sends `MESSAGES` and gets them back. */
async function measure(child: ChildProcess, order: Order): Promise<{ cpuUs: number; perSecond: number }> {
  child.send({ ...order, count: MESSAGES / 10 })
  await answered(child)
  const before = process.cpuUsage()
  const startedMs = performance.now()
  child.send(order)
  await answered(child)
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - startedMs) / 1000
  return { cpuUs: Number(((user + system) / order.count).toFixed(2)), perSecond: Math.round(order.count / seconds) }
}

function report(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function main(): Promise<void> {
  const authority = root as Authority
  const own = authority.issue({ dns: ['sip.contoso.example'] })
  const peer = authority.issue({ dns: ['sip.fabrikam.example'] })
  const idleCount = Number(process.argv[2] ?? 10_000)
  const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv })
  const order: Order = { kind: 'load', port: 0, count: MESSAGES, window: WINDOW, cert: peer.chainPem, key: peer.keyPem }

  const floor = createServer({ cert: own.chainPem, key: own.keyPem, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk) => socket.write(chunk))
  })
  await new Promise<void>((resolve) => floor.listen(0, '127.0.0.1', resolve))
  const floorPort = (floor.address() as { port: number }).port
  for (const window of [1, WINDOW]) {
    report({ case: 'byte echo over node:tls', links: LINKS, window, ...(await measure(child, { ...order, window, port: floorPort })) })
  }
  floor.close()

  const body = new Uint8Array(BODY_BYTES).fill(0x61)
  const head = 'h'.repeat(HEAD_BYTES)
  const handler = {
    onOpen: (connection: EdgeConnection): void => {
      connection.context = 0
    },
    onData: (connection: EdgeConnection, chunk: Buffer): void => {
      let bytes = (connection.context as number) + chunk.length
      for (; bytes >= MESSAGE_BYTES; bytes -= MESSAGE_BYTES) connection.write(head, body)
      connection.context = bytes
    },
    onDrain: (): void => {},
    onClosed: (): void => {},
  }
  const limits = {
    maxConnections: 100_000,
    maxConnectionsPerAddress: 100_000,
    connectBurstPerAddress: 100_000,
    firstDataTimeoutMs: 600_000,
  }
  const hub = new EdgeHub({ handler, log: silent, metrics: noMetrics, clock: createSystemClock(), limits })
  const identity = { context: createEdgeContext(own.chainPem, own.keyPem), names: [], notAfterMs: 0, fingerprint: '' }
  const listener = new EdgeListener(
    { side: 'external', address: '127.0.0.1', port: 0, proxyProtocolFrom: [] },
    { hub, validator: { validate: async () => nobody }, identity: () => identity, random: Math.random },
  )
  const { port } = await listener.start()
  for (const window of [1, WINDOW]) {
    report({ case: 'message echo through the edge', links: LINKS, window, ...(await measure(child, { ...order, window, port })) })
  }

  const settle = async (): Promise<number> => {
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc?.()
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    return process.memoryUsage.rss()
  }
  // The first thousand grow the heap to its working size; counted are those after them.
  child.send({ ...order, kind: 'idle', port, count: 1_000 })
  await answered(child)
  const baseBytes = await settle()
  child.send({ ...order, kind: 'idle', port, count: idleCount })
  await answered(child)
  const bytes = (await settle()) - baseBytes
  const idle = { connections: idleCount, open: hub.openCount, kibPerConnection: Number((bytes / idleCount / 1024).toFixed(1)) }
  report({
    case: 'idle connections',
    ...idle,
    heapMiB: Math.round(process.memoryUsage().heapUsed / 1_048_576),
    gcForced: globalThis.gc !== undefined,
  })
  child.send({ ...order, kind: 'end' })
  await listener.stop()
  hub.stop()
}

/** The peers' side. */
const open = new Set<TLSSocket>()

function dial(order: Order): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { port, cert, key } = order
    const socket = connect({ host: '127.0.0.1', port, cert, key, rejectUnauthorized: false }, () => resolve(socket))
    socket.setNoDelay(true)
    socket.on('error', reject)
    open.add(socket)
  })
}

async function load(order: Order): Promise<void> {
  const message = Buffer.alloc(MESSAGE_BYTES, 0x62)
  const share = order.count / LINKS
  const runs = Array.from({ length: LINKS }, async () => {
    const socket = await dial(order)
    let sent = 0
    let received = 0
    let bytes = 0
    const send = (): void => {
      for (; sent < share && sent - received < order.window; sent += 1) socket.write(message)
    }
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        bytes += chunk.length
        for (; bytes >= MESSAGE_BYTES; bytes -= MESSAGE_BYTES) received += 1
        if (received >= share) resolve()
        else send()
      })
      send()
    })
    socket.destroy()
    open.delete(socket)
  })
  await Promise.all(runs)
}

async function idle(order: Order): Promise<void> {
  let started = 0
  const worker = async (): Promise<void> => {
    while (started < order.count) {
      started += 1
      await dial(order)
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
}

if (process.send === undefined) await main()
else {
  process.on('message', (order: Order) => {
    if (order.kind === 'end') process.exit(0)
    void (order.kind === 'load' ? load(order) : idle(order)).then(() => process.send?.('done'))
  })
}
