import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Health } from './health-server.ts'
import { MetricsRegistry } from './metrics.ts'
import { observeProcess } from './process-metrics.ts'

it('a process tells its name, its needs and how each of its checks stands', async () => {
  const registry = new MetricsRegistry()
  const checks = [
    { name: 'bus', isOk: true, detail: '' },
    { name: 'policy', isOk: false, detail: 'none' },
  ]
  const health: Health = { isLive: true, isReady: false, checks }
  const stop = observeProcess(registry, { service: 'archive', version: '1.2.3', health: () => health })
  const text = await registry.text()
  stop()
  for (const line of [
    /^gatehouse_process_info\{service="archive",version="1\.2\.3"\} 1$/m,
    /^gatehouse_process_ready 0$/m,
    /^gatehouse_process_check\{check="bus"\} 1$/m,
    /^gatehouse_process_check\{check="policy"\} 0$/m,
    /^gatehouse_process_event_loop_delay_seconds\{quantile="0\.99"\} [\d.e-]+$/m,
    /^gatehouse_process_resident_bytes \d+$/m,
    /^gatehouse_process_cpu_seconds [\d.]+$/m,
  ])
    assert.match(text, line)
})
