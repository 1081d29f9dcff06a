import type { FactsStore } from './facts-store.ts'

export interface HeldFirstContact {
  readonly id: number
  readonly user: string
  readonly contact: string
  readonly partner: string
  readonly firstMs: number
  readonly lastMs: number
  readonly messages: number
  /** Lower-case hex; empty when nothing is archived. */
  readonly envelopeId: string
}

export interface NewFirstContact {
  readonly user: string
  readonly contact: string
  readonly partner: string
  readonly atMs: number
  readonly envelopeId: string
}

/** Of all partners together, so that a thousand discovered partners cannot fill the disk. */
const MAX_OPEN = 100_000

const COLUMNS = `id, address AS user, contact, partner, first_ms AS firstMs, last_ms AS lastMs, messages, envelope_id AS envelopeId`

/** First contacts that were held and nobody has decided on. */
export class QuarantineStore {
  readonly #store: FactsStore
  /** Partners that had to be turned away since the start. */
  readonly #full = new Set<string>()

  constructor(store: FactsStore) {
    this.#store = store
  }

  /** Notes one held message; false when the partner's budget, or the whole table, is used up. Runs within a transaction. */
  note({ user, contact, partner, atMs, envelopeId }: NewFirstContact, perPartner: number): boolean {
    const again = this.#store
      .sql('UPDATE fact_first_contact SET last_ms = ?, messages = messages + 1 WHERE address = ? AND contact = ?')
      .run(atMs, user, contact)
    if (Number(again.changes) > 0) return true
    if (this.#count(' WHERE partner = ?', partner) >= perPartner || this.#count('') >= MAX_OPEN) {
      if (this.#full.size < 1_000) this.#full.add(partner)
      return false
    }
    const newest = this.#store.sql('SELECT COALESCE(MAX(id), 0) AS id FROM fact_first_contact').get() as { id: number }
    const id = Math.max(newest.id, Number(this.#store.state('first-contact.id') ?? 0)) + 1
    this.#store.setState('first-contact.id', String(id))
    this.#store
      .sql(
        `INSERT INTO fact_first_contact (id, address, contact, partner, first_ms, last_ms, messages, envelope_id) VALUES (?, ?, ?, ?, ?, ?, 1, ?)`,
      )
      .run(id, user, contact, partner, atMs, atMs, envelopeId)
    return true
  }

  /** Oldest first. */
  list(user: string, limit: number): readonly HeldFirstContact[] {
    const rows =
      user === ''
        ? this.#store.sql(`SELECT ${COLUMNS} FROM fact_first_contact ORDER BY id LIMIT ?`).all(limit)
        : this.#store.sql(`SELECT ${COLUMNS} FROM fact_first_contact WHERE address = ? ORDER BY id LIMIT ?`).all(user, limit)
    return rows as unknown as HeldFirstContact[]
  }

  fullPartners(): readonly string[] {
    return [...this.#full].sort()
  }

  /** Takes one out; undefined: there is none of that number. */
  take(id: number): HeldFirstContact | undefined {
    const row = this.#store.sql(`SELECT ${COLUMNS} FROM fact_first_contact WHERE id = ?`).get(id) as HeldFirstContact | undefined
    if (row === undefined) return undefined
    this.#store.sql('DELETE FROM fact_first_contact WHERE id = ?').run(id)
    this.#full.delete(row.partner)
    return row
  }

  #count(where: string, ...parameters: string[]): number {
    const row = this.#store.sql(`SELECT COUNT(*) AS count FROM fact_first_contact${where}`).get(...parameters) as { count: number }
    return row.count
  }
}
