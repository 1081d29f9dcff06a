import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { type AppendOutcome, ArchiveClient, RecordEncoder } from '@gatehouse/archive-client'
import { type Bus, type BusReply, connectNatsBus, type NatsBusOptions, type PutOutcome } from '@gatehouse/bus'
import { runBusConformance } from '@gatehouse/bus/test'
import { Authority } from '@gatehouse/lab'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { findTool, skipWithout } from '../peers-kit/find-tool.ts'
import { freePort } from '../peers-kit/free-port.ts'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'

const skip = skipWithout('nats-server')
const empty = new Uint8Array()

/** Ended after all tests, also after failed ones: a bus that reconnects for ever would keep the process alive. */
const started: (() => Promise<void>)[] = []

async function connectBus(options: NatsBusOptions): Promise<Bus> {
  const bus = await connectNatsBus(options)
  started.push(() => bus.close(100))
  return bus
}

interface Server {
  readonly url: string
  readonly monitor: string
  start(): Promise<void>
  stop(): Promise<void>
}

/** A nats-server with JetStream; it can be stopped and started again on its port. */
async function prepareServer(folder: string, extra = '', syncInterval = 'always'): Promise<Server> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const monitorPort = await freePort()
  const config = join(folder, 'nats.conf')
  const store = `jetstream { store_dir: "${folder}/store", sync_interval: ${syncInterval} }`
  writeFileSync(config, `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitorPort}"\nmax_payload: 4MB\n${store}\n${extra}\n`)
  let running: ManagedProcess | undefined
  started.push(async () => await running?.stop())
  return {
    url: `127.0.0.1:${port}`,
    monitor: `http://127.0.0.1:${monitorPort}`,
    start: async () => {
      running = await startProcess({
        name: 'nats-server',
        command: findTool('nats-server')!,
        args: ['-c', config],
        logFile: join(folder, 'nats.log'),
        ready: { line: /Server is ready/, ports: [{ host: '127.0.0.1', port }] },
      })
    },
    stop: async () => await running?.stop(),
  }
}

function ask(bus: Bus, subject: string, timeoutMs = 2000): Promise<BusReply> {
  return new Promise((resolve) => bus.request(subject, empty, timeoutMs, resolve))
}

async function until(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(isDone(), 'what was waited for happened')
}

describe('bus over nats-server', { skip }, () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-nats-'))
  })
  after(async () => {
    for (const end of started.reverse()) await end()
    rmSync(folder, { recursive: true, force: true })
  })

  runBusConformance(
    'nats',
    async () => {
      const server = await prepareServer(join(folder, 'conformance'))
      await server.start()
      const options = { servers: [server.url], name: 'conformance', monitors: [server.monitor] }
      return { here: await connectBus(options), there: await connectBus(options), stop: () => server.stop() }
    },
    'gh.v1.test',
  )

  test('a server that goes away: requests wait in a bounded buffer, and all goes on when it is back', async () => {
    const server = await prepareServer(join(folder, 'restart'))
    await server.start()
    const here = await connectBus({ servers: [server.url], name: 'here', maxBufferedBytes: 1000 })
    const there = await connectBus({ servers: [server.url], name: 'there' })
    const states: boolean[] = []
    here.onStatus((status) => states.push(status.isConnected))
    await there.serve('gh.v1.again', 'q', () => empty)
    const seen: string[] = []
    const kv = await there.kv('kept')
    await kv.put('before', empty)
    const watch = await (await here.kv('kept')).watch((key) => seen.push(key))
    assert.equal((await ask(here, 'gh.v1.again')).ok, true)
    await server.stop()
    await until(() => !here.status().isConnected && !there.status().isConnected)
    const waiting = [0, 1, 2, 3, 4].map(() => ask(here, 'gh.v1.again', 200))
    const whys = (await Promise.all(waiting)).map((reply) => (reply.ok ? 'ok' : reply.why))
    assert.deepEqual(whys, ['timeout', 'timeout', 'timeout', 'refused', 'refused'], 'the buffer holds three')
    await server.start()
    await until(() => here.status().isConnected && there.status().isConnected)
    assert.equal((await ask(here, 'gh.v1.again', 5000)).ok, true, 'the server was subscribed again')
    await kv.put('after', empty)
    await until(() => seen.length === 2)
    assert.deepEqual(seen, ['before', 'after'])
    assert.deepEqual(states, [false, true])
    await watch.stop()
    await Promise.all([here.close(1000), there.close(1000)])
    await server.stop()
  })

  test('a callback that throws goes where uncaught errors go, and what comes afterwards is taken', async () => {
    const server = await prepareServer(join(folder, 'throwing'))
    await server.start()
    const thrown: unknown[] = []
    const defer = (run: () => void): void =>
      void setImmediate(() => {
        try {
          run()
        } catch (problem) {
          thrown.push(problem)
        }
      })
    const bus = await connectNatsBus({ servers: [server.url], name: 'throwing' }, { defer })
    started.push(() => bus.close(100))
    const heard: number[] = []
    await bus.serve('gh.v1.echo', 'q', (message) => message.data)
    await bus.subscribe('gh.v1.said', ({ data }) => {
      heard.push(data[0] ?? 0)
      if (data[0] === 1) throw new Error('in a listener')
    })
    bus.request('gh.v1.echo', empty, 2000, () => {
      throw new Error('at a reply')
    })
    bus.publish('gh.v1.said', Uint8Array.of(1))
    bus.publish('gh.v1.said', Uint8Array.of(2))
    assert.equal((await ask(bus, 'gh.v1.echo', 2000)).ok, true)
    await until(() => heard.length === 2 && thrown.length === 2)
    assert.deepEqual(thrown.map((problem) => (problem as Error).message).sort(), ['at a reply', 'in a listener'])
    await bus.close(100)
    await server.stop()
  })

  test('no durable work goes to a server that syncs at intervals, or that nobody can vouch for', async () => {
    const server = await prepareServer(join(folder, 'unsynced'), '', '2m')
    await server.start()
    const bus = await connectBus({ servers: [server.url], name: 'unsynced', monitors: [server.monitor] })
    await assert.rejects(bus.workQueue('sip'), { code: 'GH-BUS-NOT-SYNCED', message: /syncs at intervals/ })
    const unwatched = await connectBus({ servers: [server.url], name: 'unwatched' })
    await assert.rejects(unwatched.workQueue('sip'), { code: 'GH-BUS-NOT-SYNCED', message: /No monitoring address/ })
    await Promise.all([bus.close(100), unwatched.close(100)])
    await server.stop()
  })

  test('work outlives the server; while it is away nothing is accepted, and one that came back unsynced is put nothing on', async () => {
    const server = await prepareServer(join(folder, 'work'))
    await server.start()
    const bus = await connectBus({ servers: [server.url], name: 'work', monitors: [server.monitor] })
    const queue = await bus.workQueue('sip')
    const put = (id: string): Promise<PutOutcome> =>
      new Promise((resolve) => queue.put({ id, lane: 'fabrikam', key: 'a', data: Buffer.from(id) }, resolve))
    assert.equal((await put('w1')).ok, true)
    await server.stop()
    await until(() => !bus.status().isConnected)
    const away = await put('w2')
    assert.deepEqual(away.ok ? 'ok' : [away.code, away.isCertain], ['GH-BUS-CLOSED', true])
    await server.start()
    await until(() => bus.status().isConnected)
    let back = await put('w3')
    for (let turn = 0; turn < 100 && !back.ok; turn++) {
      assert.equal(back.code, 'GH-BUS-NOT-SYNCED', 'until the new process was asked')
      await new Promise((resolve) => setTimeout(resolve, 50))
      back = await put('w3')
    }
    const ids: string[] = []
    for (let pulled = await queue.pull('fabrikam', 5, 60_000); pulled.length > 0; pulled = await queue.pull('fabrikam', 5, 60_000)) {
      for (const work of pulled) ids.push(work.id)
      for (const work of pulled) await queue.ack(work)
    }
    assert.deepEqual(ids, ['w1', 'w3'])
    await bus.close(100)
    await server.stop()
  })

  test('mutual TLS, and a client without a permission is told so', async () => {
    const ca = Authority.create({ name: 'Bus CA' })
    const paths = (name: string): { keyFile: string; certFile: string } => ({
      keyFile: join(folder, `${name}.key`),
      certFile: join(folder, `${name}.pem`),
    })
    const caFile = join(folder, 'ca.pem')
    writeFileSync(caFile, ca.certPem)
    for (const name of ['server', 'client']) {
      const issued = ca.issue({ dns: [name === 'server' ? 'localhost' : 'edge.contoso.example'] })
      writeFileSync(paths(name).keyFile, issued.keyPem)
      writeFileSync(paths(name).certFile, issued.certPem)
    }
    const { keyFile, certFile } = paths('server')
    const server = await prepareServer(
      join(folder, 'tls'),
      `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${caFile}", verify: true }
      authorization { users: [
        { user: edge, password: edge, permissions: { publish: ["gh.v1.archive.append", "$JS.API.>"], subscribe: ["_INBOX.>"] } }
      ] }`,
    )
    await server.start()
    const login = {
      servers: [server.url.replace('127.0.0.1', 'localhost')],
      name: 'edge',
      user: 'edge',
      password: 'edge',
      tls: { caFile, ...paths('client') },
    }
    const bus = await connectBus(login)
    const allowed = await ask(bus, 'gh.v1.archive.append')
    assert.equal(allowed.ok ? 'ok' : allowed.why, 'no-responder')
    const denied = await ask(bus, 'gh.v1.deliver.sip')
    assert.deepEqual(denied.ok ? 'ok' : [denied.why, denied.detail.split(' ')[0]], ['refused', 'GH-BUS-PERMISSION'])
    await assert.rejects(
      bus.serve('gh.v1.archive.append', 'archive', () => empty),
      { code: 'GH-BUS-PERMISSION' },
    )
    await bus.close(1000)
    await assert.rejects(connectBus({ ...login, tls: { caFile }, connectTimeoutMs: 1000 }), { code: 'GH-BUS-CONNECT' })
    await assert.rejects(connectBus({ ...login, password: 'wrong', connectTimeoutMs: 1000 }), { code: 'GH-BUS-CONNECT' })
    await server.stop()
  })

  test('records are archived over NATS, once, and refused while the archive is away', async () => {
    const server = await prepareServer(join(folder, 'archive'))
    await server.start()
    const there = await connectBus({ servers: [server.url], name: 'archive' })
    const here = await connectBus({ servers: [server.url], name: 'edge' })
    const config = archiveConfig.parse({ databaseFile: join(folder, 'archive.db') })
    const client = new ArchiveClient({
      bus: here,
      defer: (run) => {
        setImmediate(run)
      },
      setTimer: (run, delayMs) => {
        const timer = setTimeout(run, delayMs)
        return () => clearTimeout(timer)
      },
    })
    const encoder = new RecordEncoder()
    const record = (number: number): Uint8Array => sampleRecord(encoder, number)
    const append = (bytes: Uint8Array): Promise<AppendOutcome> => new Promise((resolve) => client.append(bytes, resolve))
    const away = await append(record(0))
    assert.deepEqual(away.ok ? 'ok' : [away.code, away.isCertain], ['GH-ARCHIVE-AWAY', true])
    const service = buildArchiveService(config, { bus: there, log: silentLogger, metrics: new MetricsRegistry() })
    await service.start()
    const outcomes = await Promise.all(Array.from({ length: 2000 }, (_, at) => append(record(at))))
    const sequences = outcomes.map((outcome) => (outcome.ok ? outcome.sequence : 0)).sort((a, b) => a - b)
    assert.deepEqual(
      sequences,
      Array.from({ length: 2000 }, (_, at) => at + 1),
    )
    const again = await append(record(5))
    assert.ok(again.ok && again.duplicate)
    await service.stop()
    await Promise.all([here.close(1000), there.close(1000)])
    await server.stop()
  })
})

function sampleRecord(encoder: RecordEncoder, number: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number + 1)
  const transaction = `z9hG4bK-${number}`
  return encoder.entry(
    {
      id,
      idempotencyKey: encoder.idempotencyKey('sip', 'fabrikam', transaction, undefined),
      receivedAtUs: Date.now() * 1000,
      kind: 'message',
      method: 'MESSAGE',
      fromAddress: 'sip:bob@fabrikam.example',
      toAddress: 'sip:alice@contoso.example',
      conversation: 'c1',
      direction: 'inbound',
      replica: 'r1',
      peer: { peerClass: 'direct', partner: 'fabrikam', fingerprint: '', remote: '127.0.0.1:1' },
      transaction,
      contentType: 'text/plain',
      body: undefined,
      bodyBytes: 5,
    },
    {
      verdict: 'allow',
      code: 'GH-POLICY-ALLOWED',
      reason: '',
      rule: 'direct',
      mark: 'verified',
      evidence: 'V3',
      nameMatch: 'rfc5922-dns',
      destination: undefined,
      proof: [],
      peerClass: 'direct',
      revision: 1,
    },
  )
}
