import type { MetricTable } from './metrics.ts'

/** Metrics about telling; `docs/reference/metrics.md` is generated from it. */
export const telemetryMetrics = {
  gatehouse_telemetry_spans_total: {
    type: 'counter',
    unit: '{span}',
    description: 'Spans of messages that were traced, sent to the collector or lost on the way.',
    labels: ['result'],
  },
  gatehouse_telemetry_metric_pushes_total: {
    type: 'counter',
    unit: '{push}',
    description: 'Times that all metrics were sent to the collector, taken or lost.',
    labels: ['result'],
  },
} as const satisfies MetricTable
