import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, DnsServer } from '@gatehouse/lab'
import { PolicyAdminService } from '@gatehouse/proto'
import { connectRpc } from '@gatehouse/rpc'
import { SipStreamFramer } from '@gatehouse/sip-core'
import { type CertificateFiles, freePorts, issueFiles, type PeerRack, policyDocument, startProcess } from '@gatehouse/test-integration'
import { benchBody, benchMessage, USUAL_BODY_BYTES } from '../load/message-template.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { benchPolicy } from '../relays/gatehouse-relay.ts'

export interface PolicyChangeResult {
  readonly case: 'policy-change'
  readonly changes: number
  /** From the call of `apply` to the answer to the first message that was judged by the new revision. */
  readonly medianMs: number
  readonly slowestMs: number
  /** How long the call itself took. */
  readonly medianCallMs: number
}

const HOST = '127.0.0.1'
const DOMAIN = 'fabrikam.example'
const CHANGES = 20
const DEADLINE_MS = 10_000
const CLI = join(import.meta.dirname, '../../apps/gatehouse/src/main.ts')

/** A partner that sends one message after the other and looks at the status. */
class Probe {
  readonly #socket: TLSSocket
  readonly #framer = new SipStreamFramer()
  #sequence = 0
  #onStatus: ((status: number) => void) | undefined

  constructor(port: number, files: CertificateFiles) {
    const [cert, key, ca] = [files.certFile, files.keyFile, files.caFile].map((file) => readFileSync(file)) as [Buffer, Buffer, Buffer]
    this.#socket = connect({ host: HOST, port, servername: 'edge.contoso.example', cert, key, ca })
    this.#socket.setNoDelay(true)
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('data', (chunk: Buffer) => {
      this.#framer.handleData(chunk)
      for (let frame = this.#framer.takeFrame(); frame !== undefined; frame = this.#framer.takeFrame()) {
        if (frame.kind === 'message' && !frame.message.isRequest && frame.message.status >= 200) this.#onStatus?.(frame.message.status)
      }
    })
  }

  send(): Promise<number> {
    this.#sequence += 1
    const text = benchMessage(`probe-${this.#sequence}`, this.#sequence, DOMAIN, benchBody(USUAL_BODY_BYTES))
    return new Promise((resolve) => {
      this.#onStatus = resolve
      this.#socket.write(text, 'latin1')
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** How long a change of the policy takes until messages are judged by it: `gatehouse up`, a block that comes and goes. */
export async function measurePolicyChange(rack: PeerRack): Promise<PolicyChangeResult> {
  const folder = rack.path('policy-change')
  mkdirSync(folder, { recursive: true })
  const authority = Authority.create({ name: 'Bench CA' })
  const [external, internal, sinkPort] = (await freePorts(3)) as [number, number, number]
  const home = issueFiles(folder, authority, 'home.contoso.example')
  const sink = await startListener('load/sink-process.ts', { host: HOST, port: sinkPort, ...home, bodyBytes: USUAL_BODY_BYTES, minVias: 2 })
  const dns = new DnsServer()
  const dnsAt = await dns.start()
  dns.zone.setAddresses('home.contoso.example', [HOST])
  const edge = issueFiles(folder, authority, 'edge.contoso.example')
  const config = join(folder, 'gatehouse.json')
  const certificate = { certFile: edge.certFile, keyFile: edge.keyFile }
  writeFileSync(
    config,
    JSON.stringify({
      stateDir: join(folder, 'state'),
      federationPeer: {
        externalEdge: { name: 'edge.contoso.example', listen: { address: HOST, port: external }, certificate },
        internalEdge: {
          name: 'edge-in.contoso.example',
          listen: { address: HOST, port: internal },
          certificate,
          nextHop: { host: 'home.contoso.example', port: sinkPort },
        },
        trust: [{ name: 'bench', files: [edge.caFile] }],
        dns: { servers: [`${dnsAt.address}:${dnsAt.port}`] },
        drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
      },
    }),
  )
  const gatehouse = await startProcess({
    name: 'gatehouse up',
    command: process.execPath,
    args: ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', CLI, 'up', '--config', config],
    cwd: folder,
    logFile: join(folder, 'gatehouse.log'),
    ready: { line: /control +unix:/ },
    readyTimeoutMs: 30_000,
  })
  const probe = new Probe(external, issueFiles(folder, authority, `edge.${DOMAIN}`))
  try {
    return await changeAgainAndAgain(join(folder, '.gatehouse/control.sock'), probe)
  } finally {
    probe.close()
    await gatehouse.stop()
    await dns.stop()
    await stopChild(sink)
  }
}

async function changeAgainAndAgain(socket: string, probe: Probe): Promise<PolicyChangeResult> {
  const connection = connectRpc(`unix:${socket}`)
  try {
    const { apply } = connection.client(PolicyAdminService)
    await apply({ files: [{ name: 'policy.yaml', text: benchPolicy('off', [DOMAIN]) }], author: 'bench', reason: 'start' })
    await until(probe, (status) => status === 200)
    const block = policyDocument('BlockEntry', 'bench', { domain: DOMAIN, owner: 'bench', reason: 'bench' })
    const inForceMs: number[] = []
    const callMs: number[] = []
    for (let change = 0; change < CHANGES; change += 1) {
      const isBlocking = change % 2 === 0
      const startedMs = performance.now()
      const what = isBlocking ? { files: [{ name: 'block', text: block }] } : { unblock: [DOMAIN] }
      const called = apply({ ...what, author: 'bench', reason: 'bench' }).then(() => callMs.push(performance.now() - startedMs))
      await until(probe, (status) => (status === 200) !== isBlocking)
      inForceMs.push(performance.now() - startedMs)
      await called
    }
    return {
      case: 'policy-change',
      changes: CHANGES,
      medianMs: round(median(inForceMs)),
      slowestMs: round(Math.max(...inForceMs)),
      medianCallMs: round(median(callMs)),
    }
  } finally {
    connection.close()
  }
}

async function until(probe: Probe, isReached: (status: number) => boolean): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!isReached(await probe.send())) if (performance.now() > deadlineMs) throw new Error('the change of the policy is not in force')
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
