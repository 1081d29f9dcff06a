import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Health } from './health-server.ts'
import type { MetricsRegistry, MetricTable } from './metrics.ts'

/** What every process tells of itself; `docs/reference/metrics.md` is generated from this table. */
export const processMetrics = {
  gatehouse_process_info: {
    type: 'gauge',
    unit: '1',
    description: 'Always 1: which service, which version.',
    labels: ['service', 'version'],
  },
  gatehouse_process_start_time_seconds: { type: 'gauge', unit: 's', description: 'When the process started (Unix time).', labels: [] },
  gatehouse_process_cpu_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'CPU of all threads since the start, user and system; take its rate.',
    labels: [],
  },
  gatehouse_process_resident_bytes: { type: 'gauge', unit: 'By', description: 'Memory in use.', labels: [] },
  gatehouse_process_event_loop_delay_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'How late the event loop was since the scrape before, at the quantile.',
    labels: ['quantile'],
  },
  gatehouse_process_ready: { type: 'gauge', unit: '1', description: '1 while the process wants traffic (`/readyz`).', labels: [] },
  gatehouse_process_check: {
    type: 'gauge',
    unit: '1',
    description: '1 while the check of that name in `/readyz` is fine, 0 while it is not.',
    labels: ['check'],
  },
} as const satisfies MetricTable

export interface ProcessFacts {
  readonly service: string
  readonly version: string
  readonly health: () => Health
}

/** The event loop's timer rings so often; what it shows beyond that is delay. */
const RESOLUTION_MS = 10

/** Registers what every process tells of itself; the result ends the measuring. */
export function observeProcess(registry: MetricsRegistry, facts: ProcessFacts): () => void {
  const metrics = registry.register(processMetrics)
  const startedS = Date.now() / 1000 - process.uptime()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  metrics.observe('gatehouse_process_info', () => [[1, { service: facts.service, version: facts.version }]])
  metrics.observe('gatehouse_process_start_time_seconds', () => [[startedS]])
  metrics.observe('gatehouse_process_cpu_seconds', () => {
    const { user, system } = process.cpuUsage()
    return [[(user + system) / 1e6]]
  })
  metrics.observe('gatehouse_process_resident_bytes', () => [[process.memoryUsage.rss()]])
  metrics.observe('gatehouse_process_event_loop_delay_seconds', () => {
    const at = (percentile: number): number => Math.max(0, delay.percentile(percentile) / 1e9 - RESOLUTION_MS / 1000)
    const series = [
      [at(50), { quantile: '0.5' }],
      [at(99), { quantile: '0.99' }],
      [at(100), { quantile: '1' }],
    ] as const
    delay.reset()
    return series
  })
  metrics.observe('gatehouse_process_ready', () => [[facts.health().isReady ? 1 : 0]])
  metrics.observe('gatehouse_process_check', () => facts.health().checks.map(({ name, isOk }) => [isOk ? 1 : 0, { check: name }] as const))
  return () => delay.disable()
}
