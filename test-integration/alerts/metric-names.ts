import { archiveMetrics } from '@gatehouse/archive'
import { federationPeerMetrics } from '@gatehouse/federation-peer'
import { outboxMetrics } from '@gatehouse/outbox'
import { policyMetrics } from '@gatehouse/policy'
import { snapshotMetrics } from '@gatehouse/policy-follow'
import { bridgeMetrics } from '@gatehouse/public-im-bridge'
import { type MetricEntry, processMetrics } from '@gatehouse/telemetry'

/** Every series name that Gatehouse can have, with its entry: histograms by their three names. */
export async function metricTables(): Promise<ReadonlyMap<string, MetricEntry>> {
  const names = new Map<string, MetricEntry>()
  for (const table of [
    archiveMetrics,
    federationPeerMetrics,
    outboxMetrics,
    policyMetrics,
    snapshotMetrics,
    bridgeMetrics,
    processMetrics,
  ]) {
    for (const [name, entry] of Object.entries(table) as [string, MetricEntry][]) {
      if (entry.type === 'histogram') for (const suffix of ['bucket', 'sum', 'count']) names.set(`${name}_${suffix}`, entry)
      else names.set(name, entry)
    }
  }
  return names
}

export interface AskedMetric {
  readonly name: string
  /** Labels that it is chosen by. */
  readonly labels: readonly string[]
}

/** Metrics that a PromQL expression names. */
export function namesIn(expression: string): readonly AskedMetric[] {
  return [...expression.matchAll(/\b(gatehouse_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(([, name = '', selector = '']) => ({
    name,
    labels: [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }))
}
