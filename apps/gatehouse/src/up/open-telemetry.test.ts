import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readAddressKey } from './address-key.ts'
import { collectorHeaders } from './collector-headers.ts'
import { openTelemetry, type Telemetry } from './open-telemetry.ts'
import { telemetryConfig } from './telemetry-config.ts'

interface Received {
  readonly path: string
  readonly authorization: string | undefined
  readonly text: string
}

/** A collector on loopback; `status`: how it answers. */
async function collector(status: () => number): Promise<{ url: string; received: Received[]; server: Server }> {
  const received: Received[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      received.push({ path: request.url ?? '', authorization: request.headers.authorization, text })
      response.writeHead(status(), { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, server }
}

const folder = mkdtempSync(join(tmpdir(), 'gh-telemetry-'))
const at = (name: string): string => join(folder, name)
after(() => rmSync(folder, { recursive: true }))

function open(config: object, lines: string[] = []): Telemetry {
  return openTelemetry(telemetryConfig.parse(config), {
    service: 'federation-peer',
    cwd: folder,
    stateDir: at('state'),
    logTo: { destination: { write: (line) => lines.push(line) } },
  })
}

describe('telemetry of a process', () => {
  it('traces nothing and sends nothing unless it is told where to', async () => {
    const telemetry = open({ traces: { ratio: 1 } })
    assert.equal(telemetry.tracer('x', 'y').begin('MESSAGE external', 'server'), undefined)
    await telemetry.stop()
  })

  it('hashes addresses in log and spans alike, with a key of its own, unless told not to', async () => {
    const { url, received, server } = await collector(() => 200)
    const spanOf = async (config: object): Promise<string> => {
      const lines: string[] = []
      const telemetry = open({ otlp: { endpoint: url, metrics: false }, traces: { ratio: 1 }, ...config }, lines)
      const tracer = telemetry.tracer('federation-peer', 'r0')
      const span = tracer.begin('MESSAGE external', 'server')
      span?.set({ 'gatehouse.from': tracer.address('alice@contoso.example') })
      span?.end()
      telemetry.log.info({ from: 'alice@contoso.example' }, 'x')
      await telemetry.stop()
      const inLog = (JSON.parse(lines[0] ?? '') as { from: string }).from
      assert.ok(received.at(-1)?.text.includes(`"${inLog}"`), received.at(-1)?.text)
      return inLog
    }
    const hashed = await spanOf({})
    assert.match(hashed, /^h~.{12}@contoso\.example$/)
    assert.equal(await spanOf({}), hashed, 'the key is kept')
    assert.equal(statSync(at('state/address-hash.key')).mode & 0o777, 0o600)
    assert.equal(await spanOf({ addresses: { mode: 'clear' } }), 'alice@contoso.example')
    writeFileSync(at('shared.key'), 'one secret for all replicas')
    assert.notEqual(await spanOf({ addresses: { keyFile: at('shared.key') } }), hashed)
    server.close()
  })

  it('sends traces and metrics with the headers of the file', async () => {
    const { url, received, server } = await collector(() => 200)
    writeFileSync(at('headers'), '# for the collector\nAuthorization: Bearer t0ken\n')
    const telemetry = open({ otlp: { endpoint: `${url}/`, headersFile: at('headers') }, traces: { ratio: 1 } })
    telemetry.start()
    telemetry.tracer('federation-peer', 'r0').begin('MESSAGE external', 'server')?.end()
    await telemetry.stop()
    assert.deepEqual(received.map(({ path }) => path).toSorted(), ['/v1/metrics', '/v1/traces'])
    assert.ok(received.every(({ authorization }) => authorization === 'Bearer t0ken'))
    const metrics = received.find(({ path }) => path === '/v1/metrics')?.text ?? ''
    assert.match(metrics, /"service.name","value":\{"stringValue":"federation-peer"/)
    const traces = received.find(({ path }) => path === '/v1/traces')?.text ?? ''
    assert.match(traces, /"service.instance.id","value":\{"stringValue":"r0"/)
    server.close()
  })

  it('says once that the collector refuses, counts what was lost, and goes on', async () => {
    let status = 400
    const { url, server } = await collector(() => status)
    const lines: string[] = []
    const telemetry = open({ otlp: { endpoint: url }, traces: { ratio: 1 } }, lines)
    telemetry.tracer('federation-peer', 'r0').begin('MESSAGE external', 'server')?.end()
    await telemetry.stop()
    assert.match(await telemetry.metrics.text(), /gatehouse_telemetry_spans_total\{result="lost"\} 1/)
    assert.equal(lines.filter((line) => line.includes('GH-TELEMETRY-EXPORT') && line.includes('"what":"traces"')).length, 1)
    status = 200
    server.close()
  })
})

describe('configuration of telemetry', () => {
  it('does not send secrets in the clear', () => {
    const problem = (otlp: object): string => JSON.stringify(telemetryConfig.safeParse({ otlp }).error?.issues ?? 'none')
    assert.match(problem({ endpoint: 'http://collector.example:4318', headersFile: 'x' }), /headers are secrets/)
    assert.match(problem({ endpoint: 'http://127.0.0.1:4318', headersFile: 'x' }), /none/)
    assert.match(problem({ endpoint: 'https://collector.example:4318', headersFile: 'x' }), /none/)
    assert.match(problem({ endpoint: 'ftp://collector.example' }), /endpoint/)
    assert.match(problem({ endpoint: 'https://collector.example', tls: { certFile: 'x' } }), /go together/)
  })

  it('names a line of the headers file that is wrong, and nothing of what it says', () => {
    for (const text of ['no colon here', 'Bad Name: x', 'Name: ', 'Name: a\u0007b']) {
      writeFileSync(at('bad'), `Good: x\n${text}\n`)
      assert.throws(
        () => collectorHeaders(at('bad')),
        (thrown: Error & { code?: string }) =>
          thrown.code === 'GH-TELEMETRY-HEADERS' && thrown.message.includes('line 2') && !thrown.message.includes(text),
      )
    }
    assert.throws(() => collectorHeaders(at('nowhere')), { code: 'GH-TELEMETRY-HEADERS' })
  })

  it('takes changed headers, and keeps the last good ones', () => {
    writeFileSync(at('changing'), 'A: 1\n')
    const headers = collectorHeaders(at('changing'))
    assert.deepEqual(headers(), { A: '1' })
    rmSync(at('changing'))
    assert.deepEqual(headers(), { A: '1' })
    writeFileSync(at('changing'), 'A: 2\n')
    assert.deepEqual(headers(), { A: '2' })
  })

  it('makes its own key once, and refuses a short or missing one of the operator', () => {
    const key = readAddressKey(undefined, at('keys'))
    assert.equal(readAddressKey(undefined, at('keys')), key)
    assert.equal(readFileSync(at('keys/address-hash.key'), 'utf8').trim(), key)
    writeFileSync(at('short'), 'abc')
    assert.throws(() => readAddressKey(at('short'), folder), { code: 'GH-TELEMETRY-ADDRESS-KEY' })
    assert.throws(() => readAddressKey(at('absent'), folder), { code: 'GH-TELEMETRY-ADDRESS-KEY' })
  })
})
