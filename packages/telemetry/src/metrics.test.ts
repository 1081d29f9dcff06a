import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Health, HealthServer } from './health-server.ts'
import { combineHealth, startHealthServer } from './health-server.ts'
import { MetricsRegistry } from './metrics.ts'

const table = {
  gatehouse_test_messages_total: { type: 'counter', unit: '{message}', description: 'Messages seen', labels: ['verdict'] },
  gatehouse_test_delay_seconds: { type: 'histogram', unit: 's', description: 'Delay', labels: [], buckets: [0.01, 0.1, 1] },
  gatehouse_test_links: { type: 'gauge', unit: '{link}', description: 'Links up', labels: ['side'] },
} as const

describe('MetricsRegistry', () => {
  it('gives what was counted in Prometheus text under the names of the table', async () => {
    const registry = new MetricsRegistry()
    const metrics = registry.register(table)
    metrics.add('gatehouse_test_messages_total', 2, { verdict: 'allow' })
    metrics.add('gatehouse_test_messages_total')
    metrics.record('gatehouse_test_delay_seconds', 0.05)
    metrics.observe('gatehouse_test_links', () => [
      [3, { side: 'external' }],
      [1, { side: 'internal' }],
    ])
    const text = await registry.text()
    assert.match(text, /^gatehouse_test_messages_total\{verdict="allow"\} 2$/m)
    assert.match(text, /^gatehouse_test_messages_total(\{\})? 1$/m)
    assert.match(text, /^gatehouse_test_delay_seconds_bucket\{le="0\.1"\} 1$/m)
    assert.match(text, /^gatehouse_test_links\{side="external"\} 3$/m)
    for (const name of Object.keys(table)) assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'))
    assert.deepEqual(registry.tables(), [table])
    await registry.stop()
  })

  it('refuses names twice and names against the rules', () => {
    const registry = new MetricsRegistry()
    registry.register(table)
    assert.throws(() => registry.register(table), /same metric name/)
    const entry = { type: 'counter', unit: '1', description: '', labels: [] } as const
    assert.throws(() => registry.register({ gatehouse_test_things: entry }), /naming rules/)
    assert.throws(() => registry.register({ things_total: entry }), /naming rules/)
  })
})

describe('startHealthServer', () => {
  const servers: HealthServer[] = []
  after(async () => {
    for (const server of servers) await server.stop()
  })

  it('answers live, ready and metrics on loopback', async () => {
    let health: Health = { isLive: true, isReady: false, checks: [{ name: 'bus', isOk: false, detail: 'away' }] }
    const metrics = new MetricsRegistry()
    metrics.register(table).add('gatehouse_test_messages_total')
    const server = await startHealthServer({ port: 0, health: () => health, metrics })
    servers.push(server)
    const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://${server.address}:${server.port}${path}`, init)
    assert.equal(server.address, '127.0.0.1')
    assert.equal((await get('/healthz')).status, 200)
    const notReady = await get('/readyz')
    assert.equal(notReady.status, 503)
    assert.deepEqual(await notReady.json(), health)
    health = { ...health, isReady: true }
    assert.equal((await get('/readyz?x')).status, 200)
    assert.match(await (await get('/metrics')).text(), /gatehouse_test_messages_total/)
    assert.equal((await get('/elsewhere')).status, 404)
    assert.equal((await get('/healthz', { method: 'POST' })).status, 405)
    await assert.rejects(startHealthServer({ port: server.port, health: () => health, metrics }), { code: 'GH-TELEMETRY-LISTEN' })
  })

  it('combines services', () => {
    const up: Health = { isLive: true, isReady: true, checks: [{ name: 'store', isOk: true, detail: '' }] }
    const combined = combineHealth([
      { service: 'policy', health: up },
      { service: 'archive', health: { ...up, isReady: false } },
    ])
    assert.equal(combined.isReady, false)
    assert.deepEqual(
      combined.checks.map((check) => check.name),
      ['policy/store', 'archive/store'],
    )
  })
})
