/** Settings of the link pool. */
export interface LinkPoolOptions {
  readonly connectTimeoutMs: number
  readonly dialTimeoutMs: number
  readonly waitTimeoutMs: number
  readonly maxWaitingPerKey: number
  readonly maxKeys: number
  readonly backOffBaseMs: number
  readonly backOffCapMs: number
  readonly growAtBytes: number
  readonly growAtPerSecond: number
  readonly provenAfterMs: number
  readonly targetPenaltyMs: number
  readonly idleTimeoutMs: number
  readonly maxAgeMs: number
  readonly retireGraceMs: number
  readonly pingIntervalMs: number
  readonly pongTimeoutMs: number
}

export const defaultLinkPoolOptions: LinkPoolOptions = Object.freeze({
  // Three SYNs (0, 1, 3 s) and a slow handshake.
  connectTimeoutMs: 4_000,
  // Several targets and addresses, tried one after the other.
  dialTimeoutMs: 20_000,
  // Well below the sender's own patience (timer F, 32 s), so that it hears the reason from us.
  waitTimeoutMs: 4_000,
  maxWaitingPerKey: 1_000,
  maxKeys: 10_000,
  backOffBaseMs: 500,
  backOffCapMs: 60_000,
  // Something waits for the kernel: a second link may pass it.
  growAtBytes: 65_536,
  // One link carries this easily; beyond it a second one helps the peer more than us, since it may serve each link in its own thread.
  growAtPerSecond: 500,
  // A TLS 1.3 server refuses a client certificate after our side already counts as connected.
  provenAfterMs: 5_000,
  targetPenaltyMs: 30_000,
  idleTimeoutMs: 600_000,
  /** 0: links may grow as old as they like. */
  maxAgeMs: 0,
  // 64*T1 for the transactions still open, and a little.
  retireGraceMs: 40_000,
  /** 0: no pings. RFC 5626 §4.4.1 recommends 95–120 s on connection-oriented transports. */
  pingIntervalMs: 120_000,
  // RFC 5626 §4.4.1
  pongTimeoutMs: 10_000,
})
