import type { Pauses } from '@gatehouse/test-integration'

/** One peer of a bench: a partner's edge with a certificate and a domain of its own. */
export interface BenchPeer {
  readonly domain: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
}

/** What the load generator is told first; then come phases. */
export interface GeneratorOrder {
  readonly kind: 'connect'
  /** Peers connect to these in turn. */
  readonly targets: readonly { readonly host: string; readonly port: number }[]
  readonly servername: string
  /** One connection each. */
  readonly peers: readonly BenchPeer[]
  readonly bodyBytes: number
  /** Domain of those who are written to; absent: ours. */
  readonly toDomain?: string
  /** Makes the ids of this run different from every other run's. */
  readonly run: string
}

/** A stretch of load. Either a window or rates. */
export interface PhaseOrder {
  readonly kind: 'phase'
  /** Requests in flight per peer: as much as the relay can take. */
  readonly window?: number
  /** Messages per second of each peer, whether answers come or not. */
  readonly ratesPerS?: readonly number[]
  /** Load before the counting begins: at least so long and so many messages, but never longer than `maxWarmUpMs`. */
  readonly warmUpMs: number
  readonly warmUpMessages: number
  readonly maxWarmUpMs: number
  readonly measureMs: number
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export interface PeerResult extends Latency {
  /** Requests that were due while it was counted; with a window those that were sent. */
  readonly offered: number
  /** Answered 200 while it was counted. */
  readonly answered: number
  /** Answered 503 while it was counted. */
  readonly refused: number
  /** Not sent, because the relay did not read: they would only have waited here. */
  readonly heldBack: number
}

export interface PhaseResult extends Latency {
  readonly peers: readonly PeerResult[]
  /** 99th percentile of each second alone: one long stop of anything shows in one of them only. */
  readonly p99MsBySecond: readonly number[]
  /** Of messages at a rate: from when they were due until they were sent. It is in the latency, and it is the generator's own. */
  readonly lateP99Ms: number
  readonly lateMaxMs: number
  /** Of the generator. */
  readonly pauses: Pauses
  readonly measuredMs: number
  /** CPU of the generator itself. */
  readonly cpuMs: number
  /** Answers other than 200 (and 503, under more load than was promised), answers that matched no request, connections that closed. */
  readonly errors: readonly string[]
}

/** From the generator: `connected`; then for each phase `measuring` when warm-up is over, `measured` when the window ends, `result` at last. */
export type GeneratorReport =
  | { readonly kind: 'connected' }
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'result'; readonly result: PhaseResult }

export interface ListenerOrder {
  readonly port: number
  readonly host: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
}

export interface SinkOrder extends ListenerOrder {
  readonly bodyBytes: number
  /** Via headers that a request has when it arrives; fewer mean that a relay is none. */
  readonly minVias: number
}

/** Since it was last asked. */
export interface SinkReport extends Pauses {
  readonly taken: number
}

export interface RelayOrder extends ListenerOrder {
  readonly upstreamHost: string
  readonly upstreamPort: number
  readonly upstreamName: string
  /** Domains of the partners; the edge of each is named `edge.<domain>`. */
  readonly domains: readonly string[]
}

export interface IdleOrder {
  readonly port: number
  readonly host: string
  readonly servername: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly connections: number
  /** Source addresses 127.0.0.<first> … so that per-address limits and port numbers suffice. */
  readonly sourceAddresses: number
}

/** What an XMPP server of the bench is told first. */
export interface XmppPeerOrder {
  readonly domain: string
  readonly port: number
  readonly directPort: number
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly nameServer: string
  /** Domain that it writes to. */
  readonly toDomain: string
  readonly bodyBytes: number
}

/** Then: so many messages under way, for so long. */
export interface XmppPhaseOrder {
  readonly kind: 'send'
  readonly window: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Or: what came in since the last time it was asked? */
export interface XmppCountOrder {
  readonly kind: 'count'
}

export type XmppReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'sent'; readonly messages: number; readonly failed: readonly string[]; readonly latency: Latency }
  | { readonly kind: 'counted'; readonly messages: number; readonly wrong: number }
