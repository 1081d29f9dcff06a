import { factsError } from './facts-codes.ts'
import type { FactsStore, StoredUser } from './facts-store.ts'
import { checkDrop } from './plausible-drop.ts'

/** An import that says nothing for so long is over; another one may begin. */
const ABANDONED_MS = 120_000
const STANDARD_DROP_PERCENT = 20

export interface ImportBatch {
  readonly importId: string
  /** 0, 1, 2 … */
  readonly sequence: number
  readonly users: readonly StoredUser[]
  readonly isLast: boolean
  readonly replaces: boolean
  /** 0: the standard share. */
  readonly maxRemovedPercent: number
}

export interface ImportOutcome {
  readonly written: number
  readonly removed: number
  /** Address keys whose facts are others now; undefined: too many to name. */
  readonly changed: readonly string[] | undefined
}

interface OpenImport {
  readonly id: string
  readonly pass: number
  sequence: number
  written: number
  lastMs: number
}

const MAX_NAMED = 1_000

/** Imports come in batches, one transaction each; what is not in a replacing import goes at its end, all or nothing. */
export class ImportBook {
  readonly #store: FactsStore
  readonly #nowMs: () => number
  #open: OpenImport | undefined

  constructor(store: FactsStore, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Throws GH-FACTS-IMPORT, GH-FACTS-DROP, GH-FACTS-STORE. */
  take(batch: ImportBatch): ImportOutcome {
    const open = this.#openFor(batch)
    const nowMs = this.#nowMs()
    const changed = this.#store.transaction(() =>
      batch.users.filter((user) => this.#store.putUser('import', user, open.pass, nowMs)).map(({ address }) => address),
    )
    open.written += batch.users.length
    open.lastMs = nowMs
    if (!batch.isLast) return { written: open.written, removed: 0, changed: named(changed) }
    this.#open = undefined
    if (!batch.replaces) return { written: open.written, removed: 0, changed: named(changed) }
    const percent = batch.maxRemovedPercent === 0 ? STANDARD_DROP_PERCENT : batch.maxRemovedPercent
    checkDrop(this.#store.leftovers('import', open.pass), percent)
    const removed = this.#store.dropLeftovers('import', open.pass)
    return { written: open.written, removed, changed: removed > 0 ? undefined : named(changed) }
  }

  #openFor({ importId, sequence }: ImportBatch): OpenImport {
    const open = this.#open
    if (sequence === 0) {
      if (open !== undefined && open.id !== importId && this.#nowMs() - open.lastMs < ABANDONED_MS) {
        throw factsError('GH-FACTS-IMPORT', 'Another import is under way.')
      }
      this.#open = { id: importId, pass: this.#store.nextPass('import'), sequence: 0, written: 0, lastMs: this.#nowMs() }
      return this.#open
    }
    // rows of a batch that this process did not see belong to another pass and would be removed
    if (open?.id !== importId || open.sequence + 1 !== sequence) throw factsError('GH-FACTS-IMPORT', `Batch ${sequence} was not expected.`)
    open.sequence = sequence
    return open
  }
}

function named(changed: readonly string[]): readonly string[] | undefined {
  return changed.length > MAX_NAMED ? undefined : changed
}
