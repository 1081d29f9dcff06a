import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { type Checkpoint, isCheckpointGenuine } from '../chain/checkpoint.ts'
import { TreeGrower } from '../chain/merkle-tree.ts'
import { RecordHasher } from '../chain/record-hash.ts'
import { keyIdOf } from '../chain/signing-key.ts'
import type { LogRecord } from '../store/log-source.ts'

/** What verification can find; part of the answer, not an error. */
export const FINDINGS = {
  'GH-ARCHIVE-ALTERED': 'The record, its time or its hash is not what was committed.',
  'GH-ARCHIVE-GAP': 'Records are missing.',
  'GH-ARCHIVE-ORDER': 'Records stand in another order, or one stands twice.',
  'GH-ARCHIVE-BACKDATED': 'The time of the record lies before that of an earlier one, or after a checkpoint that signed it.',
  'GH-ARCHIVE-TRUNCATED': 'A checkpoint signs records that are not there.',
  'GH-ARCHIVE-REWRITTEN': 'The chain is whole but is not the one a checkpoint signed: it was made again.',
  'GH-ARCHIVE-CHECKPOINT-FORGED': 'A checkpoint was not signed by the key of this archive.',
  'GH-ARCHIVE-NO-CHECKPOINT': 'No genuine checkpoint covers the end of the log; whether its last records were removed cannot be told.',
  'GH-ARCHIVE-UNREADABLE': 'A line of the export cannot be read.',
  'GH-ARCHIVE-INDEX': 'What search would show for the record is not what the record says.',
} as const

export type FindingCode = keyof typeof FINDINGS

export interface Finding {
  readonly sequence: number
  readonly code: FindingCode
  readonly detail: string
}

export interface ChainReport {
  readonly isIntact: boolean
  readonly checked: number
  readonly headSequence: number
  readonly headHash: Uint8Array
  /** Sequence up to which a genuine checkpoint vouches. */
  readonly signedSequence: number
  readonly findings: readonly Finding[]
}

/** What stands before the first record that is checked. */
export interface ChainStart {
  readonly sequence: number
  /** Empty: unknown, as after a gap. */
  readonly hash: Uint8Array
  readonly committedAtUs?: number
}

// One altered place is reported once; an attacker who altered a million gets no million lines.
export const MAX_FINDINGS = 100

/**
 * Checks records one after the other, then checkpoints against them. After a break it goes on from the hash that the
 * record claims, so that each tampered place is one finding and the rest is still checked.
 */
export class ChainChecker {
  readonly #hasher = new RecordHasher()
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #checkpoints = new Map<number, Checkpoint[]>()
  readonly #findings: Finding[] = []
  #greatest: Checkpoint | undefined
  readonly #tree = new TreeGrower()
  #sequence: number
  #hash: Uint8Array
  #committedAtUs: number
  /** First record in the tree, and the last of which something was found: a tree over that says nothing new. */
  #treeFirst: number
  #faultyUpTo = 0
  readonly #faulty = new Set<number>()
  #checked = 0
  #signedSequence = 0
  #found = 0

  /** `keys`: those whose checkpoints count. `checkpoints`: all that are known, from the store and from elsewhere. */
  constructor(start: ChainStart, keys: readonly KeyObject[], checkpoints: readonly Checkpoint[]) {
    this.#sequence = start.sequence
    this.#hash = start.hash
    this.#committedAtUs = start.committedAtUs ?? 0
    this.#treeFirst = start.sequence + 1
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]))
    for (const checkpoint of checkpoints) this.#admit(checkpoint)
  }

  get checked(): number {
    return this.#checked
  }

  find(sequence: number, code: FindingCode, detail: string): void {
    // What the index says of a record that is not the one committed says nothing more.
    if (code === 'GH-ARCHIVE-INDEX' && this.#faulty.has(sequence)) return
    this.#found++
    this.#faulty.add(sequence)
    this.#faultyUpTo = Math.max(this.#faultyUpTo, code === 'GH-ARCHIVE-INDEX' ? 0 : sequence)
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push({ sequence, code, detail })
  }

  /** The next record in the order of the store or the file. */
  check(record: LogRecord): void {
    const expected = this.#sequence + 1
    const { sequence, committedAtUs } = record
    this.#checked++
    if (sequence < expected) {
      this.find(sequence, 'GH-ARCHIVE-ORDER', `stands after ${this.#sequence}`)
      return
    }
    const isNext = sequence === expected
    if (!isNext) this.find(expected, 'GH-ARCHIVE-GAP', sequence === expected + 1 ? 'is missing' : `to ${sequence - 1} are missing`)
    if (committedAtUs < this.#committedAtUs) {
      this.find(sequence, 'GH-ARCHIVE-BACKDATED', `${timeOf(committedAtUs)} after ${timeOf(this.#committedAtUs)}`)
    }
    // After a gap the hash before is unknown, so only the link to the next record shows whether this one is genuine.
    if (isNext && this.#hash.length > 0) this.#checkHash(record)
    this.#hash = record.hash
    this.#sequence = sequence
    this.#committedAtUs = Math.max(this.#committedAtUs, committedAtUs)
    this.#tree.add(record.hash)
    const signed = this.#checkpoints.get(sequence)
    if (signed === undefined) return
    for (const checkpoint of signed) this.#compare(checkpoint, record)
    this.#tree.clear()
    this.#treeFirst = sequence + 1
  }

  /** Call after the last record of a part that ends at a sequence. */
  expectUpTo(sequence: number): void {
    if (this.#sequence < sequence)
      this.find(this.#sequence + 1, 'GH-ARCHIVE-GAP', this.#sequence + 1 === sequence ? 'is missing' : `to ${sequence} are missing`)
  }

  /**
   * Call after the last record. `isWholeLog`: false when only a part up to some sequence was asked for. `hasEarlierCheckpoints`: others
   * vouch for records before the start.
   */
  finish(isWholeLog: boolean, hasEarlierCheckpoints = false): ChainReport {
    if (isWholeLog) {
      const greatest = this.#greatest
      if (greatest !== undefined && greatest.sequence > this.#sequence) {
        this.find(
          this.#sequence + 1,
          'GH-ARCHIVE-TRUNCATED',
          `the log ends at ${this.#sequence}, a checkpoint of ${timeOf(greatest.signedAtUs)} signs ${greatest.sequence}`,
        )
      }
      if (this.#sequence > 0 && greatest === undefined && !hasEarlierCheckpoints)
        this.find(this.#sequence, 'GH-ARCHIVE-NO-CHECKPOINT', 'none was given or found')
    }
    return {
      isIntact: this.#found === 0,
      checked: this.#checked,
      headSequence: this.#sequence,
      headHash: this.#hash,
      signedSequence: this.#signedSequence,
      findings: this.#findings,
    }
  }

  #admit(checkpoint: Checkpoint): void {
    const key = this.#keys.get(checkpoint.keyId)
    if (key === undefined || !isCheckpointGenuine(checkpoint, key)) {
      this.find(
        checkpoint.sequence,
        'GH-ARCHIVE-CHECKPOINT-FORGED',
        key === undefined ? `its key ${checkpoint.keyId} is unknown` : 'its signature is wrong',
      )
      return
    }
    const known = this.#checkpoints.get(checkpoint.sequence)
    if (known === undefined) this.#checkpoints.set(checkpoint.sequence, [checkpoint])
    else if (!known.some((other) => Buffer.from(other.signature).equals(checkpoint.signature))) known.push(checkpoint)
    if (this.#greatest === undefined || checkpoint.sequence > this.#greatest.sequence) this.#greatest = checkpoint
  }

  #checkHash(record: LogRecord): void {
    const hash = this.#hasher.hashOf(record.sequence, record.committedAtUs, this.#hash, record.record)
    if (Buffer.compare(hash, record.hash) === 0) return
    this.find(record.sequence, 'GH-ARCHIVE-ALTERED', 'its hash does not follow from its content and the record before')
  }

  #compare(checkpoint: Checkpoint, record: LogRecord): void {
    if (Buffer.compare(checkpoint.hash, record.hash) !== 0) {
      this.find(record.sequence, 'GH-ARCHIVE-REWRITTEN', `the checkpoint of ${timeOf(checkpoint.signedAtUs)} signs another hash`)
      return
    }
    if (record.committedAtUs > checkpoint.signedAtUs + MOST_CLOCK_STEP_US) {
      this.find(
        record.sequence,
        'GH-ARCHIVE-BACKDATED',
        `committed at ${timeOf(record.committedAtUs)}, signed at ${timeOf(checkpoint.signedAtUs)}`,
      )
    }
    this.#signedSequence = Math.max(this.#signedSequence, record.sequence)
    this.#compareTree(checkpoint)
  }

  /** The tree that proofs of single records lead to has to be over these very records. */
  #compareTree({ sequence, signedAtUs, tree }: Checkpoint): void {
    if (tree === undefined || tree.firstSequence !== this.#treeFirst || this.#faultyUpTo >= this.#treeFirst) return
    if (Buffer.compare(this.#tree.root(), tree.root) !== 0)
      this.find(sequence, 'GH-ARCHIVE-REWRITTEN', `the checkpoint of ${timeOf(signedAtUs)} signs another tree`)
  }
}

// The clock may have been set back between a commit and the checkpoint after it; the log's own times never run back.
const MOST_CLOCK_STEP_US = 86_400_000_000

function timeOf(us: number): string {
  const date = new Date(us / 1000)
  return Number.isNaN(date.getTime()) ? `${us} µs` : date.toISOString()
}
