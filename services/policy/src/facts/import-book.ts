import { factsError } from './facts-codes.ts'
import type { FactsStore } from './facts-store.ts'
import type { FactsWriter } from './facts-writer.ts'
import { checkDrop } from './plausible-drop.ts'
import type { StoredUser } from './stored-user.ts'

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

/** Kept with the facts, so that other replicas see it; the counts are this process's own. */
interface OpenImport {
  readonly id: string
  readonly pass: number
  readonly lastMs: number
}

const MAX_NAMED = 1_000

const OPEN = 'import.open'

/** Imports come in batches, one transaction each; what is not in a replacing import goes at its end, all or nothing. */
export class ImportBook {
  readonly #store: FactsStore
  readonly #nowMs: () => number
  /** The import whose batches come to this process. */
  #own: { readonly id: string; readonly pass: number; sequence: number; written: number } | undefined

  constructor(store: FactsStore, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Rejects with GH-FACTS-IMPORT, GH-FACTS-DROP, GH-FACTS-STORE. */
  async take(batch: ImportBatch): Promise<ImportOutcome> {
    const nowMs = this.#nowMs()
    const changed = await this.#store.transaction(async (writer) => {
      const { id, pass } = await this.#openFor(writer, batch, nowMs)
      // with the last batch it is over, also when nothing may be removed
      await writer.setState(OPEN, batch.isLast ? '' : JSON.stringify({ id, pass, lastMs: nowMs } satisfies OpenImport))
      return await writer.putUsers('import', batch.users, pass, nowMs)
    })
    const own = this.#own!
    own.written += batch.users.length
    const { written, pass } = own
    if (!batch.isLast) return { written, removed: 0, changed: named(changed) }
    this.#own = undefined
    if (!batch.replaces) return { written, removed: 0, changed: named(changed) }
    const percent = batch.maxRemovedPercent === 0 ? STANDARD_DROP_PERCENT : batch.maxRemovedPercent
    checkDrop(await this.#store.leftovers('import', pass), percent)
    const removed = await this.#store.dropLeftovers('import', pass)
    return { written, removed, changed: removed > 0 ? undefined : named(changed) }
  }

  async #openFor(
    writer: FactsWriter,
    { importId, sequence }: ImportBatch,
    nowMs: number,
  ): Promise<{ readonly id: string; readonly pass: number }> {
    const own = this.#own
    if (sequence === 0) {
      const open = JSON.parse((await writer.state(OPEN)) || 'null') as OpenImport | null
      if (open !== null && open.id !== importId && nowMs - open.lastMs < ABANDONED_MS) {
        throw factsError('GH-FACTS-IMPORT', 'Another import is under way.')
      }
      this.#own = { id: importId, pass: await writer.next('pass.import'), sequence: 0, written: 0 }
      return this.#own
    }
    // rows of a batch that this process did not see belong to another pass and would be removed
    if (own?.id !== importId || own.sequence + 1 !== sequence) throw factsError('GH-FACTS-IMPORT', `Batch ${sequence} was not expected.`)
    own.sequence = sequence
    return own
  }
}

function named(changed: readonly string[]): readonly string[] | undefined {
  return changed.length > MAX_NAMED ? undefined : changed
}
