import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { errorsOf } from '@gatehouse/errors'
import { Authority } from '@gatehouse/lab'
import { ArchiveService, PeeringService, PolicyAdminService } from '@gatehouse/proto'
import type { RpcConnection } from './client.ts'
import { connectRpc } from './client.ts'
import type { RpcServer } from './server.ts'
import { createRpcServer } from './server.ts'
import type { RpcContext, RpcHandlers } from './service-types.ts'
import { parseTarget } from './target.ts'

const failed = errorsOf({ 'GH-TEST-REFUSED': { summary: 'Not today – häuslich.', remedy: 'Come back “tomorrow”.', retry: 'never' } })

const folder = mkdtempSync(join(tmpdir(), 'gh-rpc-'))
const socket = `unix:${join(folder, 'run', 'control.sock')}`
const callers: string[] = []
let produced = 0
let isStreamClosed = false
const logged: object[] = []
const log = { debug: () => {}, error: (facts: object) => logged.push(facts) }

class Peering {
  readonly #partner = 'fabrikam.example'

  async listPeers(_request: unknown, context: RpcContext): Promise<{ peers: { partner: string; requestsIn: bigint }[] }> {
    callers.push(context.caller)
    return { peers: [{ partner: this.#partner, requestsIn: 7n }] }
  }

  async disconnect(request: { partner: string }, context: RpcContext): Promise<{ closed: number }> {
    if (request.partner === 'slow') await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    if (request.partner === 'broken') throw new Error('canary-secret-detail')
    if (request.partner === 'refused') throw failed('GH-TEST-REFUSED', '', { isCertain: false })
    return { closed: request.partner.length }
  }

  async *diagnose(request: { domain: string }): AsyncGenerator<{ name: string }> {
    yield { name: request.domain }
  }
}

const peering = new Peering() as Partial<RpcHandlers<typeof PeeringService>> as RpcHandlers<typeof PeeringService>

const archive: Partial<RpcHandlers<typeof ArchiveService>> = {
  search: async function* (request) {
    try {
      for (let index = 1; index <= request.limit; index++) {
        produced = index
        yield { record: { sequence: BigInt(index), record: Buffer.alloc(16_384) } }
      }
      if (request.text === 'fail') throw failed('GH-TEST-REFUSED')
    } finally {
      isStreamClosed = true
    }
  },
}

let taken = 0
let isCallerGone = false

const admin: Partial<RpcHandlers<typeof PolicyAdminService>> = {
  applyLarge: async (requests) => {
    taken = 0
    try {
      for await (const { part } of requests) {
        if (part.case === 'order' && part.value.reason === 'refuse') throw failed('GH-TEST-REFUSED')
        if (part.case === 'piece') taken += part.value.text.length
      }
    } catch (thrown) {
      isCallerGone = true
      throw thrown
    }
    return { outcome: { changeCount: taken } }
  },
}

/** Pieces without end, but so many. */
function* pieces(count: number, onPiece: (at: number) => void = () => {}) {
  const text = 'x'.repeat(65_536)
  for (let at = 0; at < count; at++) {
    onPiece(at)
    yield { part: { case: 'piece' as const, value: { file: 0, name: 'f', text } } }
  }
}

describe('on a unix socket', () => {
  let server: RpcServer
  let connection: RpcConnection
  before(async () => {
    server = createRpcServer({ listen: socket, log })
    server.add(PeeringService, peering).add(ArchiveService, archive as RpcHandlers<typeof ArchiveService>)
    server.add(PolicyAdminService, admin as RpcHandlers<typeof PolicyAdminService>)
    assert.equal(await server.start(), socket)
    connection = connectRpc(socket, { deadlineMs: 2_000 })
  })
  after(async () => {
    connection.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  it('is open to its owner only', () => {
    assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o700)
    assert.equal(statSync(join(folder, 'run', 'control.sock')).mode & 0o777, 0o600)
  })

  it('carries calls with their types', async () => {
    const response = await connection.client(PeeringService).listPeers({})
    assert.equal(response.peers[0]?.partner, 'fabrikam.example')
    assert.equal(response.peers[0]?.requestsIn, 7n)
    assert.equal(callers.at(-1), 'local')
  })

  it('carries our errors with code, remedy and certainty', async () => {
    await assert.rejects(connection.client(PeeringService).disconnect({ partner: 'refused' }), {
      name: 'GatewayError',
      code: 'GH-TEST-REFUSED',
      message: 'Not today – häuslich.',
      remedy: 'Come back “tomorrow”.',
      retry: 'never',
      isCertain: false,
    })
  })

  it('tells nothing about other failures but logs them', async () => {
    await assert.rejects(connection.client(PeeringService).disconnect({ partner: 'broken' }), (error: Error) => {
      assert.ok(!error.message.includes('canary'))
      return (error as unknown as { code: string }).code === 'GH-RPC-INTERNAL'
    })
    assert.equal((logged.at(-1) as { err: Error }).err.message, 'canary-secret-detail')
  })

  it('ends calls at their deadline and says that the outcome is unknown', async () => {
    const call = connection.client(PeeringService).disconnect({ partner: 'slow' }, { deadlineMs: 30 })
    await assert.rejects(call, { code: 'GH-RPC-DEADLINE', isCertain: false })
  })

  it('can be given up by the caller', async () => {
    const abort = new AbortController()
    const call = connection.client(PeeringService).disconnect({ partner: 'slow' }, { signal: abort.signal })
    abort.abort()
    await assert.rejects(call, { code: 'GH-RPC-CANCELLED' })
  })

  it('streams, and passes an error at the end of a stream on', async () => {
    const seen: bigint[] = []
    await assert.rejects(
      async () => {
        for await (const part of connection.client(ArchiveService).search({ limit: 3, text: 'fail' }))
          seen.push(part.record?.sequence ?? 0n)
      },
      { code: 'GH-TEST-REFUSED' },
    )
    assert.deepEqual(seen, [1n, 2n, 3n])
  })

  it('stops the producer when the reader stops, and never lets it run ahead without bound', async () => {
    isStreamClosed = false
    for await (const part of connection.client(ArchiveService).search({ limit: 1_000_000 })) if (part.record?.sequence === 5n) break
    while (!isStreamClosed) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(produced < 20_000, `${produced} parts were produced for a reader of five`)
  })

  it('takes a stream of requests larger than any message', async () => {
    const { outcome } = await connection.client(PolicyAdminService).applyLarge(pieces(200), { deadlineMs: 60_000 })
    assert.equal(outcome?.changeCount, 200 * 65_536)
  })

  it('stops sending when the answer comes early, and when the handler is slow', async () => {
    let sent = 0
    function* parts() {
      yield { part: { case: 'order' as const, value: { reason: 'refuse' } } }
      yield* pieces(1_000_000, () => void sent++)
    }
    const call = connection.client(PolicyAdminService).applyLarge(parts(), { deadlineMs: 60_000 })
    await assert.rejects(call, { code: 'GH-TEST-REFUSED' })
    assert.ok(sent < 100_000, `${sent} pieces were sent to nobody`)
  })

  it('tells a handler that the caller gave up, or failed while it sent', async () => {
    const abort = new AbortController()
    isCallerGone = false
    const given = connection.client(PolicyAdminService).applyLarge(
      pieces(1_000_000, (at) => at === 50 && abort.abort()),
      { deadlineMs: 60_000, signal: abort.signal },
    )
    await assert.rejects(given, { code: 'GH-RPC-CANCELLED' })
    while (!isCallerGone) await new Promise((resolve) => setImmediate(resolve))
    const broken = connection.client(PolicyAdminService).applyLarge(
      pieces(100, (at) => {
        if (at === 10) throw failed('GH-TEST-REFUSED')
      }),
    )
    await assert.rejects(broken, { code: 'GH-TEST-REFUSED' })
  })

  it('answers health checks and unknown methods', async () => {
    assert.equal(await connection.isServing(), true)
    assert.equal(await connection.isServing(PeeringService.typeName), true)
    await assert.rejects(connection.isServing('gatehouse.v1.Nothing'), { code: 'GH-RPC-INTERNAL' })
    await assert.rejects(connection.client(ArchiveService).status({}), { code: 'GH-RPC-NO-METHOD' })
  })

  it('refuses a second server on the same socket and replaces a dead one', async () => {
    await assert.rejects(createRpcServer({ listen: socket, log }).start(), { code: 'GH-RPC-LISTEN' })
    const file = join(folder, 'run', 'file')
    writeFileSync(file, '')
    await assert.rejects(createRpcServer({ listen: `unix:${file}`, log }).start(), { code: 'GH-RPC-LISTEN' })
    chmodSync(file, 0o600)
  })
})

describe('without a server', () => {
  it('says that nobody is there', async () => {
    const connection = connectRpc('unix:/nonexistent/gatehouse.sock', { deadlineMs: 2_000 })
    await assert.rejects(connection.client(PeeringService).listPeers({}), { code: 'GH-RPC-UNREACHABLE', retry: 'later' })
    connection.close()
  })
})

describe('over TCP', () => {
  const authority = Authority.create({ name: 'Lab services' })
  const stranger = Authority.create({ name: 'Somebody else' })
  const tlsOf = (issuer: Authority, name: string): { certPem: string; keyPem: string; caPem: string } => {
    const issued = issuer.issue({ commonName: name, dns: [name, 'localhost'], ip: ['127.0.0.1'] })
    return { certPem: issued.chainPem, keyPem: issued.keyPem, caPem: authority.certificate.certPem }
  }
  let server: RpcServer
  let address: string
  before(async () => {
    server = createRpcServer({ listen: '127.0.0.1:0', tls: tlsOf(authority, 'policy.example'), log }).add(PeeringService, peering)
    address = (await server.start()).replace('127.0.0.1', 'localhost')
  })
  after(() => server.stop())

  it('demands certificates at both ends', async () => {
    assert.throws(() => createRpcServer({ listen: '127.0.0.1:0', log }), { code: 'GH-RPC-ADDRESS' })
    assert.throws(() => connectRpc(address), { code: 'GH-RPC-ADDRESS' })
    const bad = connectRpc(address, { tls: tlsOf(stranger, 'edge.example'), deadlineMs: 2_000 })
    await assert.rejects(bad.client(PeeringService).listPeers({}), { code: 'GH-RPC-UNREACHABLE' })
    bad.close()
  })

  it('knows the caller by its certificate', async () => {
    const good = connectRpc(address, { tls: tlsOf(authority, 'edge.example'), deadlineMs: 2_000 })
    await good.client(PeeringService).listPeers({})
    assert.equal(callers.at(-1), 'edge.example')
    good.close()
  })

  it('takes nobody on the network for the owner of the unix socket, whatever the certificate says', async () => {
    const issued = authority.issue({ commonName: 'local', dns: ['local', 'localhost'], ip: ['127.0.0.1'] })
    const tls = { certPem: issued.chainPem, keyPem: issued.keyPem, caPem: authority.certificate.certPem }
    const pretender = connectRpc(address, { tls, deadlineMs: 2_000 })
    await pretender.client(PeeringService).listPeers({})
    assert.equal(callers.at(-1), 'unnamed')
    pretender.close()
  })
})

describe('parseTarget', () => {
  it('reads the three forms and refuses the rest', () => {
    assert.deepEqual(parseTarget('unix:/run/g.sock'), { kind: 'unix', path: '/run/g.sock' })
    assert.deepEqual(parseTarget('unix:///run/g.sock'), { kind: 'unix', path: '/run/g.sock' })
    assert.deepEqual(parseTarget('[::1]:7400'), { kind: 'tcp', host: '::1', port: 7400 })
    assert.deepEqual(parseTarget('policy.example:7400'), { kind: 'tcp', host: 'policy.example', port: 7400 })
    for (const bad of ['', 'unix:', 'host', 'host:99999', 'http://host:1', ':1', `unix:/${'x'.repeat(120)}`])
      assert.throws(() => parseTarget(bad), { code: 'GH-RPC-ADDRESS' }, bad)
  })
})
