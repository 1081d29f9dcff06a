import { setImmediate } from 'node:timers/promises'
import type { DocumentFile } from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject, type Snapshot, type SnapshotDocument } from '@gatehouse/policy-engine'
import type { SplitSnapshot } from '@gatehouse/policy-follow'
import { NO_REVISION, type Origin, type RevisionRow, type Revisions } from '../store/revision-store.ts'
import { exportPiece } from './export-piece.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, RollbackOrder } from './orders.ts'
import { documentOf, type ProposedPolicy } from './revision-maker.ts'
import type { InForce, Made, Workshop } from './workshop.ts'

/** A part of an export: whole objects, so many of all. */
export interface ExportedPiece {
  readonly text: string
  readonly done: number
  readonly total: number
}

type Untimed<T> = Omit<T, 'nowMs'>

/**
 * The policy in force and its revisions: the one place where it changes. Changes are made one after the other, in the workshop; here
 * they are swapped in, with one assignment.
 */
export class PolicyBook {
  readonly #workshop: Workshop
  readonly #store: Pick<Revisions, 'history' | 'row' | 'originOf'>
  readonly #nowMs: () => number
  #inForce: InForce = { row: NO_REVISION, snapshot: compileSnapshot(documentOf(NO_REVISION, [])), split: undefined }
  #queue: Promise<unknown> = Promise.resolve()

  constructor(workshop: Workshop, store: Pick<Revisions, 'history' | 'row' | 'originOf'>, nowMs: () => number) {
    this.#workshop = workshop
    this.#store = store
    this.#nowMs = nowMs
  }

  inForce(): RevisionRow {
    return this.#inForce.row
  }

  snapshot(): Snapshot {
    return this.#inForce.snapshot
  }

  document(): SnapshotDocument {
    return this.#inForce.snapshot.document
  }

  /** The parts of a large snapshot; undefined: it is small. */
  split(): SplitSnapshot | undefined {
    return this.#inForce.split
  }

  /** Takes over what another replica has put in force. Rejects with GH-REVISION-STORE. */
  async refresh(): Promise<void> {
    await this.#change((known) => this.#workshop.refresh(known))
  }

  /** Objects of a revision; 0: of the one in force. Rejects with GH-REVISION-UNKNOWN. */
  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    if (revision === 0 || revision === this.#inForce.row.revision) return this.document().objects
    return await this.#inTurn(() => this.#workshop.objectsAt(revision))
  }

  /** The text of a revision, piece by piece. Rejects like `objectsAt`. */
  async *exportPieces(revision: number): AsyncGenerator<ExportedPiece> {
    const objects = await this.objectsAt(revision)
    for (let done = 0; done < objects.length; ) {
      const { text, next } = exportPiece(objects, done)
      done = next
      yield { text, done, total: objects.length }
      // whoever takes slowly holds this up anyway; whoever takes at once must not hold up others
      await setImmediate()
    }
  }

  history(limit: number): Promise<RevisionRow[]> {
    return this.#store.history(limit)
  }

  row(revision: number): Promise<RevisionRow | undefined> {
    return this.#store.row(revision)
  }

  /** Which revision, up to the given one, made an object what it is, and where it was written then. */
  originOf(object: Pick<PolicyObject, 'kind' | 'name'>, revision: number): Promise<Origin | undefined> {
    return this.#store.originOf(object, revision)
  }

  /** Checks everything first; one mistake and nothing is changed. Rejects with GH-REVISION-CONFLICT, -FILES, -STORE, -THREAD, GH-ACCESS-ROLE. */
  apply(order: Untimed<ApplyOrder>): Promise<ApplyOutcome> {
    return this.#change((known) => this.#workshop.apply({ ...order, nowMs: this.#nowMs() }, known))
  }

  /** A new revision that is equal to an old one. Rejects like `apply`, and with GH-REVISION-UNKNOWN. */
  rollback(order: Untimed<RollbackOrder>): Promise<ApplyOutcome> {
    return this.#change((known) => this.#workshop.rollback({ ...order, nowMs: this.#nowMs() }, known))
  }

  /** What differs. Rejects with GH-REVISION-UNKNOWN. */
  diff(order: Untimed<DiffOrder>): Promise<Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>> {
    return this.#inTurn(() => this.#workshop.diff({ ...order, nowMs: this.#nowMs() }))
  }

  /** What the files would put in force, without putting it in force. */
  propose(files: readonly DocumentFile[], prunes: boolean): Promise<ProposedPolicy> {
    return this.#inTurn(() => this.#workshop.propose({ files, prunes, nowMs: this.#nowMs() }))
  }

  #change<T>(make: (known: number) => Promise<Made<T>>): Promise<T> {
    return this.#inTurn(async () => {
      const { outcome, inForce } = await make(this.#inForce.row.revision)
      if (inForce !== undefined) this.#inForce = inForce
      return outcome
    })
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(run, run)
    this.#queue = turn.catch(() => undefined)
    return turn
  }
}
