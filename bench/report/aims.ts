import type { Results } from './keep-result.ts'
import { textTable } from './text-table.ts'

/** One thing that was asked of the gateway, and where a run shows it. */
interface Aim {
  readonly what: string
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
  /** Undefined: this run does not show it. */
  readonly found: (figures: Figures) => number | undefined
}

/** Looks into the results of a run. */
class Figures {
  readonly #results: Results

  constructor(results: Results) {
    this.#results = results
  }

  of(name: string, ...path: readonly (string | number)[]): number | undefined {
    const value = this.#at(name, path)
    return typeof value === 'number' ? value : undefined
  }

  all(name: string, ...path: readonly (string | number)[]): number[] {
    const value = this.#at(name, path)
    return typeof value === 'object' && value !== null ? Object.values(value).filter((each) => typeof each === 'number') : []
  }

  #at(name: string, path: readonly (string | number)[]): unknown {
    let at: unknown = this.#results.get(name)
    for (const key of path) at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined
    return at
  }
}

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined || other === 0 ? undefined : one / other
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

const CPU = 'cpuUsPerMessage'
const RATE = 'messagesPerS'

/** In the order of the issue that asks for them. */
const AIMS: readonly Aim[] = [
  { what: 'without archive: CPU per message', unit: 'µs', atMost: 40, found: (f) => f.of('gatehouse', CPU) },
  { what: '… of Kamailio’s CPU', unit: '×', atMost: 0.25, found: (f) => ratio(f.of('gatehouse', CPU), f.of('kamailio', CPU)) },
  { what: '… of Kamailio’s messages/s', unit: '×', atLeast: 3, found: (f) => ratio(f.of('gatehouse', RATE), f.of('kamailio', RATE)) },
  { what: '… p99 at half load', unit: 'ms', found: (f) => f.of('gatehouse', 'halfLoad', 'p99Ms') },
  { what: 'with SQLite: CPU per message', unit: 'µs', atMost: 70, found: (f) => f.of('gatehouse-archive', CPU) },
  {
    what: '… of Kamailio+acc’s CPU',
    unit: '×',
    atMost: 0.2,
    found: (f) => ratio(f.of('gatehouse-archive', CPU), f.of('kamailio-acc', CPU)),
  },
  {
    what: '… of Kamailio+acc’s messages/s',
    unit: '×',
    atLeast: 6,
    found: (f) => ratio(f.of('gatehouse-archive', RATE), f.of('kamailio-acc', RATE)),
  },
  { what: '… p99 at half load', unit: 'ms', atMost: 15, found: (f) => f.of('gatehouse-archive', 'halfLoad', 'p99Ms') },
  { what: 'with NATS and PostgreSQL: CPU per message', unit: 'µs', atMost: 70, found: (f) => f.of('gatehouse-cluster', CPU) },
  {
    what: '… of Kamailio+acc’s messages/s',
    unit: '×',
    atLeast: 6,
    found: (f) => ratio(f.of('gatehouse-cluster', RATE), f.of('kamailio-acc', RATE)),
  },
  { what: '… p99 at half load', unit: 'ms', atMost: 15, found: (f) => f.of('gatehouse-cluster', 'halfLoad', 'p99Ms') },
  { what: 'SIP to XMPP, archived', unit: 'messages/s', atLeast: 3000, found: (f) => f.of('xmpp-from-sip', RATE) },
  { what: 'XMPP to SIP, archived', unit: 'messages/s', atLeast: 3000, found: (f) => f.of('xmpp-to-sip', RATE) },
  { what: '… CPU per message, SIP to XMPP', unit: 'µs', found: (f) => f.of('xmpp-from-sip', CPU) },
  { what: '… CPU per message, XMPP to SIP', unit: 'µs', found: (f) => f.of('xmpp-to-sip', CPU) },
  { what: '… Prosody, component to server, nothing kept', unit: 'µs', found: (f) => f.of('prosody', CPU) },
  { what: 'decision, the slowest kind', unit: 'µs', atMost: 3, found: (f) => greatest(f.all('decide', 'usByKind')) },
  { what: 'parse with checks', unit: '/s', atLeast: 250_000, found: (f) => f.of('parse-checked', 'perS') },
  { what: 'serialise with edits', unit: '/s', atLeast: 500_000, found: (f) => f.of('serialise', 'perS') },
  { what: 'idle TLS peer', unit: 'KB', atMost: 40, found: (f) => f.of('idle', 'kbPerConnection') },
  { what: '… of a bare Node TLS server', unit: 'KB', found: (f) => f.of('idle', 'floorKbPerConnection') },
  { what: 'new connections, in full', unit: '/s', atLeast: 1000, found: (f) => f.of('handshakes', 'gate', 'perS') },
  { what: '… a bare Node TLS server takes', unit: '/s', found: (f) => f.of('handshakes', 'floor', 'perS') },
  { what: '… CPU over that of the bare server', unit: '×', found: (f) => f.of('handshakes', 'ratioToFloor') },
  {
    what: '… while the certificate changes: failed',
    unit: '',
    atMost: 0,
    found: (f) => f.of('handshakes', 'gateReloading', 'failed'),
  },
  {
    what: 'CPU per message with 4 replicas over 1',
    unit: '×',
    atMost: 1.1,
    found: (f) => ratio(f.of('scale-out', 'steps', 2, CPU), f.of('scale-out', 'steps', 0, CPU)),
  },
  { what: 'policy change in force, median', unit: 'ms', found: (f) => f.of('policy-change', 'medianMs') },
  ...['gatehouse', 'gatehouse-archive'].flatMap((relay): Aim[] => [
    {
      what: `${relay}: goodput at 2 × the peak`,
      unit: '×',
      atLeast: 0.8,
      found: (f) => f.of(`overload-${relay}`, 'steps', 0, 'goodput'),
    },
    { what: '… at 5 × the peak', unit: '×', atLeast: 0.8, found: (f) => f.of(`overload-${relay}`, 'steps', 1, 'goodput') },
    {
      what: '… memory grown after as long again',
      unit: '×',
      atMost: 1.05,
      found: (f) => ratio(f.of(`overload-${relay}`, 'steps', 2, 'residentMb'), f.of(`overload-${relay}`, 'steps', 1, 'residentMb')),
    },
    { what: `${relay}: loss beside a peer at 10 × its rate`, unit: '', atMost: 0.1, found: (f) => f.of(`fairness-${relay}`, 'loss') },
    { what: '… p50 of the others before', unit: 'ms', found: (f) => f.of(`fairness-${relay}`, 'quietBefore', 'p50Ms') },
    { what: '… p50 of the others beside it', unit: 'ms', found: (f) => f.of(`fairness-${relay}`, 'quietBeside', 'p50Ms') },
    { what: `${relay}: memory growth in the soak`, unit: 'MB/h', found: (f) => f.of(`soak-${relay}`, 'growthMbPerHour') },
    { what: '… event loop delay p99', unit: 'ms', found: (f) => f.of(`soak-${relay}`, 'pauses', 'delayP99Ms') },
  ]),
]

/** What was asked beside what this run found; empty when it shows none of it. */
export function aimsTable(results: Results): string {
  const figures = new Figures(results)
  const rows = AIMS.flatMap(({ what, unit, atMost, atLeast, found }) => {
    const value = found(figures)
    if (value === undefined) return []
    const asked = atMost === undefined ? (atLeast === undefined ? '–' : `≥ ${atLeast}`) : `≤ ${atMost}`
    const isMet = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
    return [[what, asked, String(Math.round(value * 100) / 100), unit, asked === '–' ? '' : isMet ? 'met' : 'MISSED']]
  })
  return rows.length === 0 ? '' : textTable(['asked for', 'aim', 'found', '', ''], rows)
}
