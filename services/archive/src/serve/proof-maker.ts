import { Buffer } from 'node:buffer'
import type { Checkpoint } from '../chain/checkpoint.ts'
import { type AuditPath, ProofTree } from '../chain/merkle-tree.ts'
import { archiveError } from '../errors.ts'
import type { LogSource } from '../store/log-source.ts'

/** Makes audit paths; keeps the tree of one checkpoint, because records that are asked for together mostly share it. */
export class ProofMaker {
  readonly #reader: LogSource
  #checkpoint: Checkpoint | undefined
  #tree: ProofTree | undefined

  constructor(reader: LogSource) {
    this.#reader = reader
  }

  /** The checkpoint over a record and the path to its root; no path where the checkpoint is of an older version. */
  async prove(sequence: number): Promise<{ readonly checkpoint: Checkpoint; readonly proof: AuditPath | undefined }> {
    const checkpoint = await this.#checkpointOver(sequence)
    const first = checkpoint.tree?.firstSequence
    return { checkpoint, proof: first === undefined ? undefined : this.#tree?.pathOf(sequence - first) }
  }

  async #checkpointOver(sequence: number): Promise<Checkpoint> {
    const kept = this.#checkpoint
    if (kept?.tree !== undefined && sequence >= kept.tree.firstSequence && sequence <= kept.sequence) return kept
    const checkpoint = await this.#reader.checkpointOver(sequence)
    if (checkpoint === undefined) throw archiveError('GH-ARCHIVE-UNPROVABLE', `no checkpoint signs ${sequence} yet`)
    this.#tree = undefined
    this.#checkpoint = checkpoint
    if (checkpoint.tree === undefined) return checkpoint
    const { firstSequence, root } = checkpoint.tree
    const tree = new ProofTree(await this.#reader.hashes(firstSequence, checkpoint.sequence))
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
