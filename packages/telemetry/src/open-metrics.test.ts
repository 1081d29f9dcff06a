import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MetricsRegistry } from './metrics.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

describe('OpenMetrics text', () => {
  it('has counters by their family, gauges, and histograms with traces as examples', async () => {
    const registry = new MetricsRegistry()
    const metrics = registry.register({
      gatehouse_test_messages_total: { type: 'counter', unit: '{message}', description: 'Messages "seen"', labels: ['verdict'] },
      gatehouse_test_delay_seconds: { type: 'histogram', unit: 's', description: 'Delay', labels: ['side'], buckets: [0.1, 1] },
      gatehouse_test_links: { type: 'gauge', unit: '{link}', description: 'Links up', labels: [] },
    })
    metrics.add('gatehouse_test_messages_total', 2, { verdict: 'a"b\n' })
    metrics.histogram('gatehouse_test_delay_seconds', { side: 'in' }).record(0.05)
    metrics.histogram('gatehouse_test_delay_seconds', { side: 'in' }).record(0.5, TRACE)
    metrics.histogram('gatehouse_test_delay_seconds', { side: 'out' }).record(7)
    metrics.observe('gatehouse_test_links', () => [[3]])
    const text = await registry.openMetricsText()
    const lines = text.replace(/(trace_id="[0-9a-f]+"} 0\.5) \d+\.\d{3}$/m, '$1 TIME').split('\n')
    assert.deepEqual(lines.toSorted(), [
      '',
      '# EOF',
      '# HELP gatehouse_test_delay_seconds Delay',
      '# HELP gatehouse_test_links Links up',
      '# HELP gatehouse_test_messages Messages \\"seen\\"',
      '# TYPE gatehouse_test_delay_seconds histogram',
      '# TYPE gatehouse_test_links gauge',
      '# TYPE gatehouse_test_messages counter',
      'gatehouse_test_delay_seconds_bucket{side="in",le="+Inf"} 2',
      'gatehouse_test_delay_seconds_bucket{side="in",le="0.1"} 1',
      `gatehouse_test_delay_seconds_bucket{side="in",le="1"} 2 # {trace_id="${TRACE}"} 0.5 TIME`,
      'gatehouse_test_delay_seconds_bucket{side="out",le="+Inf"} 1',
      'gatehouse_test_delay_seconds_bucket{side="out",le="0.1"} 0',
      'gatehouse_test_delay_seconds_bucket{side="out",le="1"} 0',
      'gatehouse_test_delay_seconds_count{side="in"} 2',
      'gatehouse_test_delay_seconds_count{side="out"} 1',
      'gatehouse_test_delay_seconds_sum{side="in"} 0.55',
      'gatehouse_test_delay_seconds_sum{side="out"} 7',
      'gatehouse_test_links 3',
      'gatehouse_test_messages_total{verdict="a\\"b\\n"} 2',
    ])
    assert.ok(text.endsWith('\n# EOF\n'))
    assert.ok(!(await registry.text()).includes(TRACE), 'the older format has no examples')
    await registry.stop()
  })
})
