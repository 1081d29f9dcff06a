import type { Metrics, MetricsRegistry, MetricTable } from '@gatehouse/telemetry'
import type { NetworkHost } from './core/host/network-host.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 35]

/** Metrics of public-im-bridge; `docs/reference/metrics.md` is generated from this table. */
export const bridgeMetrics = {
  gatehouse_bridge_received_total: {
    type: 'counter',
    unit: '{event}',
    description: 'Events from networks that got their answer, by direction, kind and our code; `ok` where they went on.',
    labels: ['network', 'direction', 'kind', 'code'],
  },
  gatehouse_bridge_receive_duration_seconds: {
    type: 'histogram',
    unit: 's',
    description: 'From the event to its answer, the far side included.',
    labels: ['network'],
    buckets: SECONDS,
  },
  gatehouse_bridge_sent_total: {
    type: 'counter',
    unit: '{event}',
    description: 'Deliveries to networks, by kind, outcome and code.',
    labels: ['network', 'kind', 'status', 'code'],
  },
  gatehouse_bridge_send_duration_seconds: {
    type: 'histogram',
    unit: 's',
    description: 'From the delivery to its outcome.',
    labels: ['network'],
    buckets: SECONDS,
  },
  gatehouse_bridge_connector_faults_total: {
    type: 'counter',
    unit: '{fault}',
    description: 'Times a connector threw, hung or broke its contract.',
    labels: ['network', 'what'],
  },
  gatehouse_bridge_open: { type: 'gauge', unit: '{event}', description: 'Events under way.', labels: ['network', 'way'] },
  gatehouse_bridge_network_up: { type: 'gauge', unit: '{network}', description: '1: the network is connected.', labels: ['network'] },
  gatehouse_bridge_accounts: {
    type: 'gauge',
    unit: '{account}',
    description: 'Linked accounts that this replica holds.',
    labels: ['network', 'state'],
  },
  gatehouse_bridge_replicas: {
    type: 'gauge',
    unit: '{replica}',
    description: 'Replicas of the bridge that live, as this one sees it.',
    labels: [],
  },
  gatehouse_bridge_policy_revision: { type: 'gauge', unit: '{revision}', description: 'Policy revision in force; 0: none.', labels: [] },
} as const satisfies MetricTable

export interface BridgeGauges {
  readonly hosts: () => Iterable<NetworkHost>
  readonly accounts: (network: string, isConnected: boolean) => number
  readonly replicas: () => number
  readonly policyRevision: () => number
}

/** What is read at each scrape. */
export function observeBridge(registry: MetricsRegistry, gauges: BridgeGauges): Metrics<typeof bridgeMetrics> {
  const metrics = registry.register(bridgeMetrics)
  const hosts = (): readonly NetworkHost[] => [...gauges.hosts()]
  metrics.observe('gatehouse_bridge_open', () =>
    hosts().flatMap((host) => [
      [host.receives.open, { network: host.name, way: 'in' }],
      [host.sends.open, { network: host.name, way: 'out' }],
    ]),
  )
  metrics.observe('gatehouse_bridge_network_up', () =>
    hosts().map((host) => [host.board.network.state === 'connected' ? 1 : 0, { network: host.name }]),
  )
  metrics.observe('gatehouse_bridge_accounts', () =>
    hosts().flatMap(({ name }) => {
      const connected = gauges.accounts(name, true)
      return [
        [connected, { network: name, state: 'connected' }],
        [gauges.accounts(name, false) - connected, { network: name, state: 'away' }],
      ]
    }),
  )
  metrics.observe('gatehouse_bridge_replicas', () => [[gauges.replicas()]])
  metrics.observe('gatehouse_bridge_policy_revision', () => [[gauges.policyRevision()]])
  return metrics
}
