import type { MetricTable } from '@gatehouse/telemetry'

/** Metrics of the outbox; `docs/reference/metrics.md` is generated from this table. */
export const outboxMetrics = {
  gatehouse_outbox_messages_total: {
    type: 'counter',
    unit: '{message}',
    description: 'Messages by port and what became of them: taken, refused, delivered, expired, failed, dropped.',
    labels: ['port', 'result'],
  },
  gatehouse_outbox_waiting: {
    type: 'gauge',
    unit: '{message}',
    description: 'Messages that wait, as this replica knows.',
    labels: ['port'],
  },
  gatehouse_outbox_destinations: {
    type: 'gauge',
    unit: '{destination}',
    description: 'Destinations that messages wait for.',
    labels: ['port'],
  },
  gatehouse_outbox_oldest_seconds: { type: 'gauge', unit: 's', description: 'Age of the oldest message that waits.', labels: ['port'] },
} as const satisfies MetricTable
