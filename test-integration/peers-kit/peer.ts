import type { ProcessPlan } from './managed-process.ts'

/** A server that a test started, as a process of this machine or in a container. */
export interface Peer {
  readonly name: string
  /** Everything it printed. */
  readonly logFile: string
  readonly hasEnded: boolean
  /** Exit code, once it has ended and its log is complete. */
  readonly ended: Promise<number | null>
  output(): string
  /** Politely first, then for good. */
  stop(): Promise<void>
  /** As by `kill -9`. */
  killNow(): void
}

/** Starts what a plan says and returns once it serves: `startProcess`, or one that a container site gives. */
export type Launch<T extends Peer = Peer> = (plan: ProcessPlan) => Promise<T>
