import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { VALUE_RANGE } from './day-marks.ts'
import type { IndexRow } from './log-source.ts'

type Row = readonly [number, string, number, number, number, number, number, number, number, string, string, number]

const COLUMNS =
  'sequence, hex(envelope_id), key_mark, from_mark, to_mark, domains_mark, conversation_mark, at_us, kind, verdict, mark, key_id'
const MOST_KNOWN = 200_000

/** Reads what the index says of many entries; names are looked up once, not once per row. */
export class IndexRowReader {
  readonly #rows: StatementSync
  readonly #address: StatementSync
  readonly #pair: StatementSync
  readonly #addresses = new Map<number, string>()
  readonly #pairs = new Map<number, string>()

  constructor(database: DatabaseSync) {
    this.#rows = database.prepare(`SELECT ${COLUMNS} FROM entry WHERE sequence > ? AND sequence <= ? ORDER BY sequence`)
    this.#rows.setReturnArrays(true)
    this.#address = database.prepare('SELECT address AS name FROM address WHERE id = ?')
    this.#pair = database.prepare('SELECT from_domain || char(10) || to_domain AS name FROM domain_pair WHERE id = ?')
  }

  rows(after: number, upTo: number): IndexRow[] {
    const rows = this.#rows.all(after, upTo) as unknown as readonly Row[]
    return rows.map(([sequence, id, keyMark, from, to, domains, conversationMark, atUs, kind, verdict, mark, keyId]) => ({
      sequence,
      envelopeId: id.toLowerCase(),
      keyMark,
      conversationMark,
      atUs,
      kind,
      verdict,
      mark,
      keyId,
      fromDay: Math.floor(from / VALUE_RANGE),
      toDay: Math.floor(to / VALUE_RANGE),
      domainsDay: Math.floor(domains / VALUE_RANGE),
      fromAddress: nameOf(this.#addresses, from % VALUE_RANGE, this.#address),
      toAddress: nameOf(this.#addresses, to % VALUE_RANGE, this.#address),
      domains: nameOf(this.#pairs, domains % VALUE_RANGE, this.#pair),
    }))
  }
}

function nameOf(known: Map<number, string>, id: number, find: StatementSync): string {
  const kept = known.get(id)
  if (kept !== undefined) return kept
  // None has a line end twice: what is not there equals no name.
  const name = String(find.get(id)?.['name'] ?? '\n\n')
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(id, name)
  return name
}
