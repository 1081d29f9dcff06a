import type { PolicyObject, Snapshot } from '@gatehouse/policy-engine'
import type { SplitSnapshot } from '@gatehouse/policy-follow'
import type { RevisionRow } from '../store/revision-store.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, RollbackOrder } from './orders.ts'
import type { ProposedPolicy } from './revision-maker.ts'

/** A revision, ready to decide with. */
export interface InForce {
  readonly row: RevisionRow
  readonly snapshot: Snapshot
  /** The parts of a large one, as they are published; undefined: it is small. */
  readonly split: SplitSnapshot | undefined
}

/** What came of a call; `inForce` when the revision in force is another one than `known`. */
export interface Made<T> {
  readonly outcome: T
  readonly inForce: InForce | undefined
}

/**
 * Where documents are read, checked and compared and revisions are made and kept: here, or in a thread. One call at a time.
 * `known` is the revision the caller has in force. What each call rejects with stands at `RevisionMaker`.
 */
export interface Workshop {
  refresh(known: number): Promise<Made<undefined>>
  apply(order: ApplyOrder, known: number): Promise<Made<ApplyOutcome>>
  rollback(order: RollbackOrder, known: number): Promise<Made<ApplyOutcome>>
  diff(order: DiffOrder): Promise<Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>>
  propose(order: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>): Promise<ProposedPolicy>
  objectsAt(revision: number): Promise<readonly PolicyObject[]>
  close(): Promise<void>
}
