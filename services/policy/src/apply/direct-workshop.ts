import { compileSnapshot, type PolicyObject } from '@gatehouse/policy-engine'
import type { Revisions } from '../store/revision-store.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, RollbackOrder } from './orders.ts'
import { type ProposedPolicy, RevisionMaker } from './revision-maker.ts'
import type { Made, Workshop } from './workshop.ts'

/** Makes revisions in the thread that asks: for policies that take a few milliseconds. */
export class DirectWorkshop implements Workshop {
  readonly #maker: RevisionMaker

  constructor(store: Revisions) {
    this.#maker = new RevisionMaker(store)
  }

  async refresh(known: number): Promise<Made<undefined>> {
    await this.#maker.refresh()
    return this.#made(undefined, known)
  }

  async apply(order: ApplyOrder, known: number): Promise<Made<ApplyOutcome>> {
    return this.#made(await this.#maker.apply(order), known)
  }

  async rollback(order: RollbackOrder, known: number): Promise<Made<ApplyOutcome>> {
    return this.#made(await this.#maker.rollback(order), known)
  }

  async diff(order: DiffOrder): Promise<Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>> {
    await this.#maker.refresh()
    return await this.#maker.diff(order)
  }

  async propose(order: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>): Promise<ProposedPolicy> {
    await this.#maker.refresh()
    return this.#maker.propose(order)
  }

  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    await this.#maker.refresh()
    return await this.#maker.objectsAt(revision)
  }

  async close(): Promise<void> {
    // the store belongs to whoever made it
  }

  #made<T>(outcome: T, known: number): Made<T> {
    const { row, document } = this.#maker
    const isSame = row.revision === known
    return { outcome, inForce: isSame ? undefined : { row, snapshot: compileSnapshot(document), split: undefined } }
  }
}
