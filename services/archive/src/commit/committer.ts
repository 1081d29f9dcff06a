import type { EngineState } from './commit-engine.ts'

/** Hands batches to the engine, wherever it runs. */
export interface Committer {
  /** Opens the log; resolves with the state after it, accepting or not. */
  start(): Promise<EngineState>
  /** One encoded `AppendRequest`, whose buffer is the committer's from then on. `onReply` gets the encoded `AppendReply`. */
  append(request: Uint8Array, onReply: (reply: Uint8Array) => void): void
  /** Resolves when all that was appended before is committed or refused, and keys that were closed before are used no more. */
  settle(): Promise<void>
  /** Signs the head as it was committed, so that what is read from the disk next can be held against it. */
  sign(): Promise<void>
  /** May be a quarter of a second old while all is well; exact after `settle`. */
  state(): EngineState
  /** Commits what waits, signs the head and closes the log. */
  stop(): Promise<void>
}

export const STATE_BEFORE_START: EngineState = {
  isAccepting: false,
  code: 'GH-ARCHIVE-STOPPING',
  detail: 'not started',
  sequence: 0,
  hash: new Uint8Array(),
  lastCommitUs: 0,
  checkpointSequence: 0,
  checkpointTrouble: '',
  commits: 0,
  records: 0,
  refused: 0,
}
