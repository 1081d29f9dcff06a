import type { PolicyObject } from '@gatehouse/policy-engine'
import type { Revisions } from '../store/revision-store.ts'
import { DirectWorkshop } from './direct-workshop.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, OrderFile, RollbackOrder } from './orders.ts'
import type { ProposedPolicy } from './revision-maker.ts'
import type { Made, Workshop } from './workshop.ts'

/** Up to here everything about a change takes a few milliseconds, and a thread would cost more memory than it spares pauses. */
const MAX_DIRECT_OBJECTS = 1_000
const MAX_DIRECT_CHARS = 65_536

/**
 * Small policies are worked on at once, large ones in the thread, which starts when the first large one comes. Both look at the
 * database before each change, so that they may take turns.
 */
export class SizedWorkshop implements Workshop {
  readonly #store: Revisions
  readonly #direct: DirectWorkshop
  readonly #thread: Workshop

  constructor(store: Revisions, thread: Workshop) {
    this.#store = store
    this.#direct = new DirectWorkshop(store)
    this.#thread = thread
  }

  async refresh(known: number): Promise<Made<undefined>> {
    if ((await this.#store.newest()).revision === known) return { outcome: undefined, inForce: undefined }
    return await (await this.#workshopFor([])).refresh(known)
  }

  async apply(order: ApplyOrder, known: number): Promise<Made<ApplyOutcome>> {
    return await (await this.#workshopFor(order.files)).apply(order, known)
  }

  async rollback(order: RollbackOrder, known: number): Promise<Made<ApplyOutcome>> {
    const workshop = await this.#workshopFor([], await this.#store.countChangesAfter(order.toRevision))
    return await workshop.rollback(order, known)
  }

  async diff(order: DiffOrder): Promise<Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>> {
    const oldest = Math.min(...[order.from, order.to].filter((revision) => revision > 0))
    const more = Number.isFinite(oldest) ? await this.#store.countChangesAfter(oldest) : 0
    return await (await this.#workshopFor(order.files, more)).diff(order)
  }

  async propose(order: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>): Promise<ProposedPolicy> {
    return await (await this.#workshopFor(order.files)).propose(order)
  }

  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    const more = revision === 0 ? 0 : await this.#store.countChangesAfter(revision)
    return await (await this.#workshopFor([], more)).objectsAt(revision)
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  /** `more`: objects that come on top of those in force. */
  async #workshopFor(files: readonly OrderFile[], more = 0): Promise<Workshop> {
    if (charsOf(files) > MAX_DIRECT_CHARS) return this.#thread
    return (await this.#store.countObjects()) + more > MAX_DIRECT_OBJECTS ? this.#thread : this.#direct
  }
}

function charsOf(files: readonly OrderFile[]): number {
  let chars = 0
  for (const { text } of files) {
    for (const piece of typeof text === 'string' ? [text] : text) chars += piece.length
  }
  return chars
}
