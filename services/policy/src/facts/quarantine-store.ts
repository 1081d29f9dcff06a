import type { FactsQueries, SqlRow, SqlValue } from './facts-database.ts'
import type { FactsWriter } from './facts-writer.ts'

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

const COLUMNS = `id, address AS "user", contact, partner, first_ms AS "firstMs", last_ms AS "lastMs", messages, envelope_id AS "envelopeId"`

/** First contacts that were held and nobody has decided on. */
export class QuarantineStore {
  readonly #reading: Pick<FactsQueries, 'all'>
  /** Partners that had to be turned away since the start. */
  readonly #full = new Set<string>()

  constructor(reading: Pick<FactsQueries, 'all'>) {
    this.#reading = reading
  }

  /** Notes one held message; false when the partner's budget, or the whole table, is used up. */
  async note(writer: FactsWriter, held: NewFirstContact, perPartner: number): Promise<boolean> {
    const { user, contact, partner, atMs, envelopeId } = held
    const { queries } = writer
    const again = await queries.run(
      'UPDATE fact_first_contact SET last_ms = ?, messages = messages + 1 WHERE address = ? AND contact = ?',
      [atMs, user, contact],
    )
    if (again > 0) return true
    const open = await countOf(queries, 'SELECT COUNT(*) AS count FROM fact_first_contact WHERE partner = ?', [partner])
    if (open >= perPartner || (await countOf(queries, 'SELECT COUNT(*) AS count FROM fact_first_contact', [])) >= MAX_OPEN) {
      if (this.#full.size < 1_000) this.#full.add(partner)
      return false
    }
    const id = await writer.next('first-contact.id')
    await queries.run(
      `INSERT INTO fact_first_contact (id, address, contact, partner, first_ms, last_ms, messages, envelope_id) VALUES (?, ?, ?, ?, ?, ?, 1, ?)`,
      [id, user, contact, partner, atMs, atMs, envelopeId],
    )
    return true
  }

  /** Oldest first. */
  async list(user: string, limit: number): Promise<readonly HeldFirstContact[]> {
    const where = user === '' ? '' : 'WHERE address = ?'
    const values = user === '' ? [limit] : [user, limit]
    const rows = await this.#reading.all(`SELECT ${COLUMNS} FROM fact_first_contact ${where} ORDER BY id LIMIT ?`, values)
    return rows.map(heldOf)
  }

  /** By what this process turned away. */
  fullPartners(): readonly string[] {
    return [...this.#full].sort()
  }

  /** Takes one out; undefined: there is none of that number. */
  async take({ queries }: FactsWriter, id: number): Promise<HeldFirstContact | undefined> {
    const [row] = await queries.all(`SELECT ${COLUMNS} FROM fact_first_contact WHERE id = ?`, [id])
    if (row === undefined) return undefined
    await queries.run('DELETE FROM fact_first_contact WHERE id = ?', [id])
    const held = heldOf(row)
    this.#full.delete(held.partner)
    return held
  }
}

async function countOf(queries: FactsQueries, sql: string, values: readonly SqlValue[]): Promise<number> {
  const [row] = await queries.all(sql, values)
  return Number(row?.['count'])
}

function heldOf(row: SqlRow): HeldFirstContact {
  return {
    id: Number(row['id']),
    user: String(row['user']),
    contact: String(row['contact']),
    partner: String(row['partner']),
    firstMs: Number(row['firstMs']),
    lastMs: Number(row['lastMs']),
    messages: Number(row['messages']),
    envelopeId: String(row['envelopeId']),
  }
}
