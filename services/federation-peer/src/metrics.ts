import type { EdgeSide } from '@gatehouse/im-model'
import type { Counter, Histogram, Labels, Metrics, MetricsRegistry, MetricTable } from '@gatehouse/telemetry'
import type { EdgeMetrics } from './edge/connection.ts'
import type { GateMetrics } from './session/gate-deps.ts'

/** Metrics of federation-peer; `docs/reference/metrics.md` is generated from this table. */
export const federationPeerMetrics = {
  gatehouse_peer_requests_total: {
    type: 'counter',
    unit: '{request}',
    description: 'Requests that got their final answer, by direction, class of the peer, kind, our code and status.',
    labels: ['direction', 'peer_class', 'kind', 'code', 'status'],
  },
  gatehouse_peer_observed_total: {
    type: 'counter',
    unit: '{request}',
    description: 'Requests that objects in `mode: observe` would have refused, by rule and code.',
    labels: ['rule', 'code'],
  },
  gatehouse_peer_request_duration_seconds: {
    type: 'histogram',
    unit: 's',
    description: 'From the request complete to its final answer, the far side included.',
    labels: ['direction'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 32],
  },
  gatehouse_peer_stage_seconds: {
    type: 'histogram',
    unit: 's',
    description:
      'Time of a request in a stage: admit (identify, decide, inspect), record (until the archive has committed), deliver (next hop, until its final answer).',
    labels: ['stage'],
    buckets: [0.00025, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 32],
  },
  gatehouse_peer_archive_waiting: {
    type: 'gauge',
    unit: '{record}',
    description: 'Records that wait for the archive to commit them; their senders wait, too.',
    labels: [],
  },
  gatehouse_peer_archive_lost_outcomes: {
    type: 'gauge',
    unit: '{record}',
    description: 'Outcomes of archived messages that were given up because the archive was away for too long, since the start.',
    labels: [],
  },
  gatehouse_peer_links: {
    type: 'gauge',
    unit: '{link}',
    description: 'Next hops and partners that links lead to, by state.',
    labels: ['side', 'state'],
  },
  gatehouse_peer_partner_link_up: {
    type: 'gauge',
    unit: '1',
    description: '1 while a link to a partner that policy names is up, 0 while it was tried in vain; no series while nobody needs one.',
    labels: ['partner'],
  },
  gatehouse_peer_partner_certificate_expiry_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'Seconds until the certificate expires that a connected partner showed, of partners that policy names.',
    labels: ['partner'],
  },
  gatehouse_peer_connections: { type: 'gauge', unit: '{connection}', description: 'Open connections.', labels: ['side'] },
  gatehouse_peer_open_transactions: { type: 'gauge', unit: '{transaction}', description: 'Open transactions.', labels: ['role'] },
  gatehouse_peer_connections_total: {
    type: 'counter',
    unit: '{connection}',
    description: 'Connections that were opened.',
    labels: ['side', 'dialed'],
  },
  gatehouse_peer_connections_refused_total: {
    type: 'counter',
    unit: '{connection}',
    description: 'Connections dropped before they became one: limits, PROXY rule, failed handshake.',
    labels: ['side', 'code'],
  },
  gatehouse_peer_dials_failed_total: {
    type: 'counter',
    unit: '{dial}',
    description: 'Outgoing connections that failed.',
    labels: ['side', 'code'],
  },
  gatehouse_peer_handshake_seconds: {
    type: 'histogram',
    unit: 's',
    description: 'TLS handshake and path validation.',
    labels: ['side', 'dialed'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  gatehouse_peer_read_bytes_total: { type: 'counter', unit: 'By', description: 'Bytes read.', labels: ['side'] },
  gatehouse_peer_written_bytes_total: { type: 'counter', unit: 'By', description: 'Bytes written.', labels: ['side'] },
  gatehouse_peer_certificate_reloads_total: {
    type: 'counter',
    unit: '{reload}',
    description: 'Changed certificates, CAs or CRLs, taken or refused.',
    labels: ['side', 'result'],
  },
  gatehouse_peer_certificate_expiry_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'Seconds until our own certificate expires.',
    labels: ['side'],
  },
  gatehouse_peer_sip_traces: {
    type: 'gauge',
    unit: '{trace}',
    description: 'SIP traces that are on: somebody looks at the messages of a peer.',
    labels: [],
  },
  gatehouse_peer_policy_revision: { type: 'gauge', unit: '{revision}', description: 'Policy revision in force; 0: none.', labels: [] },
} as const satisfies MetricTable

/** What is read at each scrape. */
export interface Gauges {
  readonly connections: (side: EdgeSide) => number
  readonly serverTransactions: () => number
  readonly clientTransactions: () => number
  readonly secondsToExpiry: (side: EdgeSide) => number
  readonly policyRevision: () => number
  readonly archive: () => { readonly queuedRecords: number; readonly droppedOutcomes: number }
  readonly links: () => Iterable<{ readonly side: EdgeSide; readonly state: string }>
  /** Partners that policy names, never a name that a stranger chose. */
  readonly partnerLinks: () => Iterable<{ readonly partner: string; readonly isUp: boolean }>
  readonly partnerCertificates: () => Iterable<{ readonly partner: string; readonly secondsToExpiry: number }>
  readonly sipTraces: () => number
}

/** Wires the plain counter methods of edge and gate to the registry. */
export function wireMetrics(registry: MetricsRegistry): { edge: EdgeMetrics; gate: GateMetrics; observe: (gauges: Gauges) => void } {
  const metrics = registry.register(federationPeerMetrics)
  const sides: Record<EdgeSide, Labels> = { external: { side: 'external' }, internal: { side: 'internal' } }
  const read = countersBySide(metrics, 'gatehouse_peer_read_bytes_total')
  const written = countersBySide(metrics, 'gatehouse_peer_written_bytes_total')
  const gate = gateMetrics(metrics)
  const edge: EdgeMetrics = {
    connectionOpened: (side, isDialed) => metrics.add('gatehouse_peer_connections_total', 1, { side, dialed: String(isDialed) }),
    connectionClosed: () => undefined,
    connectionRefused: (side, code) => metrics.add('gatehouse_peer_connections_refused_total', 1, { side, code }),
    handshakeCompleted: (side, isDialed, durationMs) =>
      metrics.record('gatehouse_peer_handshake_seconds', durationMs / 1000, { side, dialed: String(isDialed) }),
    bytesRead: (side, bytes) => read[side].add(bytes),
    bytesWritten: (side, bytes) => written[side].add(bytes),
    dialFailed: (side, code) => metrics.add('gatehouse_peer_dials_failed_total', 1, { side, code }),
    certificateReloaded: (side, isAccepted) =>
      metrics.add('gatehouse_peer_certificate_reloads_total', 1, { side, result: isAccepted ? 'taken' : 'refused' }),
  }
  const observe = (gauges: Gauges): void => {
    metrics.observe('gatehouse_peer_connections', () => [
      [gauges.connections('external'), sides.external],
      [gauges.connections('internal'), sides.internal],
    ])
    metrics.observe('gatehouse_peer_open_transactions', () => [
      [gauges.serverTransactions(), { role: 'server' }],
      [gauges.clientTransactions(), { role: 'client' }],
    ])
    metrics.observe('gatehouse_peer_certificate_expiry_seconds', () => [
      [gauges.secondsToExpiry('external'), sides.external],
      [gauges.secondsToExpiry('internal'), sides.internal],
    ])
    metrics.observe('gatehouse_peer_sip_traces', () => [[gauges.sipTraces()]])
    metrics.observe('gatehouse_peer_policy_revision', () => [[gauges.policyRevision()]])
    metrics.observe('gatehouse_peer_archive_waiting', () => [[gauges.archive().queuedRecords]])
    metrics.observe('gatehouse_peer_archive_lost_outcomes', () => [[gauges.archive().droppedOutcomes]])
    metrics.observe('gatehouse_peer_links', () => countLinks(gauges.links()))
    metrics.observe('gatehouse_peer_partner_link_up', () =>
      [...gauges.partnerLinks()].map(({ partner, isUp }) => [isUp ? 1 : 0, { partner }] as const),
    )
    metrics.observe('gatehouse_peer_partner_certificate_expiry_seconds', () =>
      [...gauges.partnerCertificates()].map(({ partner, secondsToExpiry }) => [secondsToExpiry, { partner }] as const),
    )
  }
  return { edge, gate, observe }
}

function countLinks(links: Iterable<{ readonly side: EdgeSide; readonly state: string }>): (readonly [number, Labels])[] {
  const counts = new Map<string, { count: number; readonly labels: Labels }>()
  for (const { side, state } of links) {
    const entry = counts.get(`${side} ${state}`) ?? { count: 0, labels: { side, state } }
    entry.count++
    counts.set(`${side} ${state}`, entry)
  }
  return [...counts.values()].map(({ count, labels }) => [count, labels] as const)
}

type PeerMetrics = Metrics<typeof federationPeerMetrics>

function countersBySide(
  metrics: PeerMetrics,
  name: 'gatehouse_peer_read_bytes_total' | 'gatehouse_peer_written_bytes_total',
): Record<EdgeSide, Counter> {
  return { external: metrics.counter(name, { side: 'external' }), internal: metrics.counter(name, { side: 'internal' }) }
}

interface Found {
  readonly direction: string
  readonly peerClass: string
  readonly kind: string
  readonly code: string
  readonly status: number
  readonly counter: Counter
  readonly duration: Histogram
}

/** What is counted once per request; its series are looked up once per combination, and those are bounded by the code table. */
function gateMetrics(metrics: PeerMetrics): GateMetrics {
  const requests = new Map<string, Counter>()
  const durations = new Map<string, Histogram>()
  const find = (direction: string, peerClass: string, kind: string, code: string, status: number): Found => {
    const key = `${direction} ${peerClass} ${kind} ${code} ${status}`
    let counter = requests.get(key)
    if (counter === undefined) {
      counter = metrics.counter('gatehouse_peer_requests_total', { direction, peer_class: peerClass, kind, code, status: String(status) })
      requests.set(key, counter)
    }
    let duration = durations.get(direction)
    if (duration === undefined) {
      duration = metrics.histogram('gatehouse_peer_request_duration_seconds', { direction })
      durations.set(direction, duration)
    }
    return { direction, peerClass, kind, code, status, counter, duration }
  }
  const stages = {
    admit: metrics.histogram('gatehouse_peer_stage_seconds', { stage: 'admit' }),
    record: metrics.histogram('gatehouse_peer_stage_seconds', { stage: 'record' }),
    deliver: metrics.histogram('gatehouse_peer_stage_seconds', { stage: 'deliver' }),
  }
  // Most requests end as the one before did.
  let last: Found | undefined
  return {
    passed({ direction, peerClass, kind, code, status, durationMs, traceId }) {
      const isAlike =
        last !== undefined &&
        last.direction === direction &&
        last.peerClass === peerClass &&
        last.kind === kind &&
        last.code === code &&
        last.status === status
      const found = isAlike ? (last as Found) : find(direction, peerClass, kind, code, status)
      last = found
      found.counter.add()
      found.duration.record(durationMs / 1000, traceId)
    },
    stage: (stage, durationMs, traceId) => stages[stage].record(durationMs / 1000, traceId),
    observed: (rule, code) => metrics.add('gatehouse_peer_observed_total', 1, { rule, code }),
  }
}
