import { Buffer } from 'node:buffer'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { type AuditPath, ProofTree } from '../chain/merkle-tree.ts'
import { archiveError } from '../errors.ts'
import type { LogReader } from '../store/log-reader.ts'

/** Makes audit paths; keeps the tree of one checkpoint, because records that are asked for together mostly share it. */
export class ProofMaker {
  readonly #reader: LogReader
  #checkpoint: Checkpoint | undefined
  #tree: ProofTree | undefined

  constructor(reader: LogReader) {
    this.#reader = reader
  }

  /** The checkpoint over a record and the path to its root; no path where the checkpoint is of an older version. */
  prove(sequence: number): { readonly checkpoint: Checkpoint; readonly proof: AuditPath | undefined } {
    const checkpoint = this.#checkpointOver(sequence)
    const first = checkpoint.tree?.firstSequence
    return { checkpoint, proof: first === undefined ? undefined : this.#tree?.pathOf(sequence - first) }
  }

  #checkpointOver(sequence: number): Checkpoint {
    const kept = this.#checkpoint
    if (kept?.tree !== undefined && sequence >= kept.tree.firstSequence && sequence <= kept.sequence) return kept
    const checkpoint = this.#reader.checkpointOver(sequence)
    if (checkpoint === undefined) throw archiveError('GH-ARCHIVE-UNPROVABLE', `no checkpoint signs ${sequence} yet`)
    this.#tree = undefined
    this.#checkpoint = checkpoint
    if (checkpoint.tree === undefined) return checkpoint
    const { firstSequence, root } = checkpoint.tree
    const tree = new ProofTree(this.#reader.hashes(firstSequence, checkpoint.sequence))
    if (!Buffer.from(tree.root).equals(root)) {
      throw archiveError(
        'GH-ARCHIVE-CHAIN-BROKEN',
        `the records ${firstSequence} to ${checkpoint.sequence} are not those that were signed.`,
      )
    }
    this.#tree = tree
    return checkpoint
  }
}
