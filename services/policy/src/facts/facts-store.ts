import { type RightsSpec, type UserFacts, unknownUser } from '@gatehouse/policy-engine'
import type { FactsDatabase, FactsQueries, SqlRow } from './facts-database.ts'
import { FactsWriter } from './facts-writer.ts'
import { findGroups } from './find-groups.ts'
import { marks } from './sql-lists.ts'
import type { ContactOrigin, ContactRow, FactsSource, Leftovers, StoredUser } from './stored-user.ts'

/** Contacts of one user that are read; nobody has more. */
const MAX_CONTACTS = 10_000

/** Facts about users, in either database. Address keys throughout. All calls reject with GH-FACTS-STORE. */
export class FactsStore {
  readonly #database: FactsDatabase

  constructor(database: FactsDatabase) {
    this.#database = database
  }

  open(): Promise<void> {
    return this.#database.open()
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  /** All or nothing. */
  transaction<T>(run: (writer: FactsWriter) => Promise<T>): Promise<T> {
    return this.#database.transaction((queries) => run(new FactsWriter(queries)))
  }

  /** False, and nothing is run, while this or another replica runs something under that name. */
  exclusively(name: string, run: () => Promise<void>): Promise<boolean> {
    return this.#database.exclusively(name, run)
  }

  get reading(): Pick<FactsQueries, 'all'> {
    return this.#database.reading
  }

  /** Everything that decisions ask for, of one user. */
  async factsOfOne(address: string, nowMs: number): Promise<UserFacts> {
    return (await this.factsOf([address], nowMs)).get(address)!
  }

  /** The same of many, in as many queries as for one. Contacts that have expired are left out. */
  async factsOf(addresses: readonly string[], nowMs: number): Promise<ReadonlyMap<string, UserFacts>> {
    const wanted = [...new Set(addresses)]
    if (wanted.length === 0) return new Map()
    const rows = await this.reading.all(
      `SELECT address, source, external_id AS "externalId", facts FROM fact_user
       WHERE address IN (${marks(wanted)}) ORDER BY address, source`,
      wanted,
    )
    const contacts = await this.#contactsOf(wanted, nowMs)
    const externalIds = rows.map((row) => String(row['externalId'])).filter((id) => id !== '')
    const groups = await findGroups(this.reading, externalIds)
    const byAddress = Map.groupBy(rows, (row) => String(row['address']))
    return new Map(wanted.map((address) => [address, combine(byAddress.get(address) ?? [], contacts.get(address), groups)]))
  }

  async contactsOf(address: string, nowMs: number): Promise<readonly ContactRow[]> {
    const rows = await this.reading.all(
      `SELECT contact, origin, expires_ms AS "expiresMs" FROM fact_contact
       WHERE address = ? AND (expires_ms = 0 OR expires_ms > ?) ORDER BY contact, origin LIMIT ${MAX_CONTACTS}`,
      [address, nowMs],
    )
    return rows.map((row) => ({
      address: String(row['contact']),
      origin: row['origin'] as ContactOrigin,
      expiresMs: Number(row['expiresMs']),
    }))
  }

  /** Which entry has an address, and which pass saw it last. */
  async holderOf(address: string, source: FactsSource): Promise<{ readonly externalId: string; readonly pass: number } | undefined> {
    const sql = 'SELECT external_id AS "externalId", pass FROM fact_user WHERE address = ? AND source = ?'
    const [row] = await this.reading.all(sql, [address, source])
    return row === undefined ? undefined : { externalId: String(row['externalId']), pass: Number(row['pass']) }
  }

  async countUsers(): Promise<number> {
    const [row] = await this.reading.all('SELECT COUNT(DISTINCT address) AS count FROM fact_user')
    return Number(row?.['count'])
  }

  async state(name: string): Promise<string | undefined> {
    const [row] = await this.reading.all('SELECT value FROM fact_state WHERE name = ?', [name])
    return row === undefined ? undefined : String(row['value'])
  }

  async setState(name: string, value: string): Promise<void> {
    await this.transaction((writer) => writer.setState(name, value))
  }

  /** The number of a new pass of a source; never given twice. */
  nextPass(source: FactsSource): Promise<number> {
    return this.transaction((writer) => writer.next(`pass.${source}`))
  }

  /** Counted where it is written: counting a million rows takes long. */
  leftovers(source: FactsSource, pass: number): Promise<Leftovers> {
    return this.transaction((writer) => writer.leftovers(source, pass))
  }

  /** Ends a pass: what it did not see is gone. Returns how many users went. */
  dropLeftovers(source: FactsSource, pass: number): Promise<number> {
    return this.transaction((writer) => writer.dropLeftovers(source, pass))
  }

  /** Room for new ones; nobody asks for what has expired. */
  async dropExpiredContacts(nowMs: number): Promise<void> {
    await this.transaction((writer) => writer.dropExpiredContacts(nowMs))
  }

  async #contactsOf(addresses: readonly string[], nowMs: number): Promise<ReadonlyMap<string, Map<string, number>>> {
    const rows = await this.reading.all(
      `SELECT address, contact, expires_ms AS "expiresMs" FROM fact_contact
       WHERE address IN (${marks(addresses)}) AND (expires_ms = 0 OR expires_ms > ?) ORDER BY address, contact`,
      [...addresses, nowMs],
    )
    const byAddress = new Map<string, Map<string, number>>()
    for (const row of rows) {
      const [address, contact, expiresMs] = [String(row['address']), String(row['contact']), Number(row['expiresMs'])]
      const contacts = byAddress.get(address) ?? new Map<string, number>()
      byAddress.set(address, contacts)
      const until = expiresMs === 0 ? Number.POSITIVE_INFINITY : expiresMs
      if (contacts.size < MAX_CONTACTS) contacts.set(contact, Math.max(until, contacts.get(contact) ?? 0))
    }
    return byAddress
  }
}

function combine(
  rows: readonly SqlRow[],
  contacts: ReadonlyMap<string, number> = new Map(),
  groupsOf: ReadonlyMap<string, readonly string[]>,
): UserFacts {
  if (rows.length === 0) return { ...unknownUser('neither directory nor import has them'), contacts }
  const groups = new Set<string>()
  const safeList = new Set<string>()
  let rights: RightsSpec = {}
  for (const row of rows) {
    const stored = JSON.parse(String(row['facts'])) as Pick<StoredUser, 'rights' | 'groups' | 'safeList'>
    // in the order of the names an import comes after the directory: what somebody wrote by hand counts
    rights = { ...rights, ...stored.rights }
    for (const group of stored.groups) groups.add(group)
    for (const entry of stored.safeList) safeList.add(entry)
    for (const group of groupsOf.get(String(row['externalId'])) ?? []) groups.add(group)
  }
  const detail = rows.map((row) => String(row['source'])).join(', ')
  return { status: 'known', detail, rights, groups: [...groups], contacts, safeList }
}
