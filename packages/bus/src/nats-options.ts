import type { SetTimer } from './timer-wheel.ts'

/** How to reach NATS. Files are read when connecting and again when reconnecting. */
export interface NatsBusOptions {
  /** host:port, several for a cluster. */
  readonly servers: readonly string[]
  /** Shown in the server's connection list. */
  readonly name: string
  readonly tls?: {
    readonly caFile?: string
    readonly certFile?: string
    readonly keyFile?: string
  }
  /** JWT and seed as `nsc` writes them. */
  readonly credentialsFile?: string
  readonly user?: string
  readonly password?: string
  /** Replies come in below this subject; has to be allowed to the client. Default `_INBOX`. */
  readonly inboxPrefix?: string
  readonly connectTimeoutMs?: number
  /** Requests that may wait for answers at the same time. */
  readonly maxPending?: number
  /** Bytes that may be sent while the server is away; they go out when it is back. */
  readonly maxBufferedBytes?: number
  /** Copies of each bucket in a cluster: 1, 3 or 5. */
  readonly bucketReplicas?: number
  /** Monitoring addresses (`http://host:8222`) of all servers of the cluster; work queues need them. */
  readonly monitors?: readonly string[]
}

export interface NatsBusDeps {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly setTimer: SetTimer
  readonly defer: (run: () => void) => void
}

export const DEFAULT_MAX_PENDING = 100_000
// Two seconds of 5,000 messages of 1 KiB: a server that restarts is bridged, one that is gone does not fill the memory.
export const DEFAULT_MAX_BUFFERED_BYTES: number = 10 * 1024 * 1024
