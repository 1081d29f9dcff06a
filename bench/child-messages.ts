/** What the load generator is told. */
export interface GeneratorOrder {
  readonly port: number
  readonly host: string
  readonly servername: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly connections: number
  /** Requests in flight per connection. */
  readonly window: number
  /** Load before the counting begins: at least so long and so many messages, but never longer than `maxWarmUpMs`. */
  readonly warmUpMs: number
  readonly warmUpMessages: number
  readonly maxWarmUpMs: number
  readonly measureMs: number
  /** Makes the ids of this run different from every other run's. */
  readonly run: string
}

export interface GeneratorResult {
  readonly messages: number
  /** Answers other than 200, answers that matched no request, connections that closed. */
  readonly errors: readonly string[]
  readonly measuredMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

/** From the generator: `measuring` when warm-up is over, `measured` when the window ends, `result` at last. */
export type GeneratorReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'result'; readonly result: GeneratorResult }

export interface ListenerOrder {
  readonly port: number
  readonly host: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
}

export interface RelayOrder extends ListenerOrder {
  readonly upstreamHost: string
  readonly upstreamPort: number
  readonly upstreamName: string
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
