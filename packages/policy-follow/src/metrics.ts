import type { MetricsRegistry, MetricTable } from '@gatehouse/telemetry'
import type { SnapshotFollower } from './snapshot-follower.ts'

/** How far the policy has come to this process; `docs/reference/metrics.md` is generated from this table. */
export const snapshotMetrics = {
  gatehouse_snapshot_revision: {
    type: 'gauge',
    unit: '{revision}',
    description: 'Policy revision in force here; 0: none. Those of all replicas should be equal.',
    labels: ['follower'],
  },
  gatehouse_snapshot_age_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'Since the policy service was last heard of; beyond `policy.maxStalenessMs` nothing passes any more.',
    labels: ['follower'],
  },
  gatehouse_snapshot_refused: {
    type: 'gauge',
    unit: '1',
    description: '1 while the newest snapshot was refused, by code.',
    labels: ['follower', 'code'],
  },
} as const satisfies MetricTable

/** Registers the followers of one process by the service that follows. */
export function observeSnapshots(registry: MetricsRegistry, followers: ReadonlyMap<string, SnapshotFollower>, nowMs: () => number): void {
  const metrics = registry.register(snapshotMetrics)
  metrics.observe('gatehouse_snapshot_revision', () => [...followers].map(([follower, { revision }]) => [revision, { follower }] as const))
  metrics.observe('gatehouse_snapshot_age_seconds', () =>
    [...followers].map(([follower, each]) => [each.ageMs(nowMs()) / 1000, { follower }] as const),
  )
  metrics.observe('gatehouse_snapshot_refused', () =>
    [...followers].flatMap(([follower, each]) => {
      const refusal = each.refusal()
      return refusal === undefined ? [] : [[1, { follower, code: refusal.code }] as const]
    }),
  )
}
