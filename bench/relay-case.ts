import type { RelayOrder } from './child-messages.ts'

/** Something that stands between the load generator and the sink. */
export interface RelayCase {
  readonly name: string
  readonly what: string
  /** Why it cannot be measured here; undefined when it can. */
  readonly missing: () => string | undefined
  start(order: RelayOrder, folder: string): Promise<RunningRelay>
}

export interface RunningRelay {
  /** Processes whose CPU and memory count as the relay's own (with all their children). */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export interface RelayResult {
  readonly case: string
  readonly messages: number
  readonly messagesPerS: number
  /** CPU of the relay alone, user and system, per MESSAGE with its 200. */
  readonly cpuUsPerMessage: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly residentMb: number
  readonly errors: readonly string[]
}
