import type { Checkpoint } from '../chain/checkpoint.ts'
import type { SliceSource } from '../index/slice-source.ts'
import type { Hold } from '../seal/key-vault.ts'
import type { EntryPage } from './entry-page.ts'
import type { SearchSource, SearchTerms } from './search-log.ts'
import type { RecordedOutcome } from './told-outcomes.ts'

/** One record of the log as it was committed. */
export interface LogRecord {
  readonly sequence: number
  readonly committedAtUs: number
  readonly hash: Uint8Array
  readonly record: Uint8Array
}

/** One record with the hash of the one before, as it is handed out. */
export interface StoredLogRecord extends LogRecord {
  readonly previousHash: Uint8Array
  /** Status of the latest outcome of an entry; 0: none yet. */
  readonly outcomeStatus: number
}

/** At once from a file, later from a server. */
export type Awaitable<T> = T | Promise<T>

/** Reads a log that somebody else may be writing, whichever database has it. Each call is one short read; nothing is held in between. */
export interface LogSource extends SearchSource {
  /** What stands before the first record. */
  genesis(): Awaitable<Uint8Array>
  /** Entries among the next records, at most `limit` of them and one more than `maxBytes` hold, and the sequence reached; undefined: there are none. */
  entries(after: number, upTo: number, limit: number, maxBytes: number): Awaitable<EntryPage | undefined>
  /** The record at a sequence, for handing out. */
  stored(sequence: number): Awaitable<StoredLogRecord | undefined>
  /** The records at some sequences, in the order given; those that are missing are left out. */
  storedAll(sequences: readonly number[]): Awaitable<StoredLogRecord[]>
  sequenceOfEnvelope(envelopeId: Uint8Array): Awaitable<number | undefined>
  hashBefore(sequence: number): Awaitable<Uint8Array>
  /** What became of a message, in the order of the log. */
  outcomesOf(envelopeId: Uint8Array): Awaitable<RecordedOutcome[]>
  /** Sequences of matching entries, newest first; give the last one of a full page as `beforeSequence` of the next. */
  search(terms: SearchTerms, limit: number): Promise<number[]>
  checkpoints(after: number, upTo: number): Awaitable<Checkpoint[]>
  /** The newest checkpoint; undefined when there is none. */
  lastCheckpoint(): Awaitable<Checkpoint | undefined>
  /** The first checkpoint that signs a record. */
  checkpointOver(sequence: number): Awaitable<Checkpoint | undefined>
  /** Record hashes from one sequence to another, in order. */
  hashes(from: number, to: number): Awaitable<Uint8Array[]>
  /** The index as it is now. */
  slices(): SliceSource
  /** Whether a hold protects an entry that is sealed with a key. */
  hasEntryUnder(keyId: number, hold: Hold): Awaitable<boolean>
  /** First sequence that may hold a message received at or after a time. */
  firstSequenceOf(receivedUs: number): Awaitable<number>
  close(): Awaitable<void>
}
