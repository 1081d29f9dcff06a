import type { EngineState } from './commit-engine.ts'

/** What the commit thread is started with. Paths and numbers only: it reads files and clock by itself. */
export interface CommitThreadData {
  readonly file: string
  readonly keyFile: string
  readonly busyTimeoutMs: number
  readonly encryptionKeyFile?: string | undefined
  readonly maxBytes: number | undefined
  readonly checkpointEveryRecords: number
  readonly checkpointEveryMs: number
  readonly checkpointFile: string | undefined
}

/** Main thread → commit thread. */
export type ToCommitThread =
  | { readonly kind: 'append'; readonly id: number; readonly request: Uint8Array }
  | { readonly kind: 'settle' | 'sign' | 'stop'; readonly id: number }

/** Commit thread → main thread; `replies` in the order of `ids`. */
export interface FromCommitThread {
  readonly ids: readonly number[]
  readonly replies: readonly Uint8Array[]
  /** Left out where it tells nothing new of importance: copying it costs as much as the rest of the message. */
  readonly state: EngineState | undefined
}
