import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Authority, DnsServer } from '@gatehouse/lab'
import {
  findTool,
  freePorts,
  issueFiles,
  type ManagedProcess,
  type PeerRack,
  startProsody,
  writeCertificate,
} from '@gatehouse/test-integration'
import type { XmppPeerOrder, XmppReport } from '../load/load-orders.ts'
import { benchBody, benchPeople, USUAL_BODY_BYTES } from '../load/message-template.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { round } from './measure-relay.ts'
import { Meter } from './relay-run.ts'

export interface ProsodyResult {
  readonly case: 'prosody'
  /** Stanzas of a component that it brought to another server, and its CPU for each. */
  readonly messages: number
  readonly messagesPerS: number
  readonly cpuUsPerMessage: number
  readonly errors: readonly string[]
}

const HOST = '127.0.0.1'
const NETWORK = 'jabber.example'
const SERVER = 'prosody.example'
const COMPONENT = `load.${SERVER}`
const SECRET = 'bench'
/** Below what it can take: it has no way to tell a component to wait. */
const PER_S = 2000
const TICK_MS = 5
const WARM_UP_MS = 3000
const SETTLE_MS = 1000

/** The yardstick: what Prosody takes for one message from a component to another server, nothing judged and nothing kept. */
export async function measureProsody(rack: PeerRack, seconds: number): Promise<ProsodyResult | string> {
  if (findTool('prosody') === undefined) return 'prosody is not installed (test-integration/install-peers.sh)'
  const folder = rack.path('prosody')
  mkdirSync(folder, { recursive: true })
  const authority = Authority.create({ name: 'XMPP bench CA' })
  const [clientPort, serverPort, directPort, componentPort, port, peerDirect] = (await freePorts(6)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const dns = rack.add(new DnsServer())
  await dns.start()
  dns.zone.setAddresses('localhost', [HOST])
  dns.zone.setSrv(`_xmpp-server._tcp.${NETWORK}`, [{ host: 'localhost', port }])
  dns.zone.setSrv(`_xmpp-server._tcp.${COMPONENT}`, [{ host: 'localhost', port: serverPort }])
  const order: XmppPeerOrder = {
    domain: NETWORK,
    port,
    directPort: peerDirect,
    ...issueFiles(folder, authority, NETWORK),
    nameServer: dns.server,
    toDomain: COMPONENT,
    bodyBytes: USUAL_BODY_BYTES,
  }
  const peer = await startListener('load/xmpp-peer-process.ts', order)
  rack.onStop(() => stopChild(peer))
  const names = authority.issue({ commonName: SERVER, dns: [SERVER, COMPONENT] })
  const prosody = rack.add(
    await startProsody({
      domain: SERVER,
      address: HOST,
      clientPort,
      serverPort,
      directPort,
      users: {},
      certificate: writeCertificate(folder, SERVER, names, [authority]),
      folder,
      nameServer: dns.server,
      logLevel: 'warn',
      components: { port: componentPort, secrets: { [COMPONENT]: SECRET } },
    }),
  )
  return await measure(prosody, peer, await openComponent(componentPort), seconds)
}

async function measure(prosody: ManagedProcess, peer: ChildProcess, component: Socket, seconds: number): Promise<ProsodyResult> {
  const body = benchBody(USUAL_BODY_BYTES)
  let sent = 0
  const startedMs = performance.now()
  const ticker = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * PER_S) / 1000)
    let stanzas = ''
    for (; sent < due; sent += 1) {
      const { from, to } = benchPeople(sent, COMPONENT, NETWORK)
      stanzas += `<message from='${from}/x' to='${to}' type='chat' id='p${sent}'><body>${body}</body></message>`
    }
    component.write(stanzas)
  }, TICK_MS)
  await pause(WARM_UP_MS)
  await count(peer)
  const meter = new Meter({ name: 'prosody', pid: prosody.pid, isOwn: false })
  meter.start()
  await pause(seconds * 1000)
  const { cpuMs } = meter.use()
  const { messages, wrong } = await count(peer)
  clearInterval(ticker)
  await pause(SETTLE_MS)
  const late = await count(peer)
  component.destroy()
  const errors = wrong + late.wrong > 0 ? ['a body was damaged'] : messages < PER_S * seconds * 0.9 ? ['it did not keep up'] : []
  const cpuUsPerMessage = round((cpuMs * 1000) / Math.max(1, messages))
  return { case: 'prosody', messages, messagesPerS: Math.round(messages / seconds), cpuUsPerMessage, errors }
}

/** A component as Prosody takes it in. XEP-0114 §3. */
function openComponent(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST)
    let text = ''
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.on('data', (chunk: Buffer) => {
      const before = text
      text += chunk.toString('latin1')
      const id = /<stream:stream[^>]* id=['"]([^'"]+)/.exec(text)?.[1]
      if (id !== undefined && !/<stream:stream[^>]* id=/.test(before)) {
        socket.write(
          `<handshake>${createHash('sha1')
            .update(id + SECRET)
            .digest('hex')}</handshake>`,
        )
      }
      if (/<handshake\s*\/>|<handshake><\/handshake>/.test(text)) {
        socket.removeAllListeners('data').resume()
        resolve(socket)
      }
    })
    socket.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${COMPONENT}'>`)
  })
}

function count(peer: ChildProcess): Promise<Extract<XmppReport, { kind: 'counted' }>> {
  return new Promise((resolve) => {
    peer.once('message', (report) => resolve(report as Extract<XmppReport, { kind: 'counted' }>))
    peer.send({ kind: 'count' })
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
