import type { FactsQueries, SqlRow, SqlValue } from './facts-database.ts'
import { chunksOf, marks, rowMarks } from './sql-lists.ts'
import type { ContactOrigin, FactsSource, Leftovers, Membership, StoredUser } from './stored-user.ts'

/** Changes of facts within one transaction. Many users cost as many statements as one. */
export class FactsWriter {
  readonly queries: FactsQueries

  constructor(queries: FactsQueries) {
    this.queries = queries
  }

  /** Writes what a source says; of one address the last word counts. Returns the addresses that this is news about. */
  async putUsers(source: FactsSource, users: readonly StoredUser[], pass: number, nowMs: number): Promise<readonly string[]> {
    const changed: string[] = []
    const latest = [...new Map(users.map((user) => [user.address, user])).values()]
    for (const some of chunksOf(latest)) {
      const news = new Set(await this.#putRows(source, some, pass))
      for (const address of await this.#replaceContacts(source === 'directory' ? 'directory' : 'imported', some, nowMs)) news.add(address)
      changed.push(...news)
    }
    return changed
  }

  /** Which entries have addresses, and which pass saw them last. */
  async holdersOf(
    addresses: readonly string[],
    source: FactsSource,
  ): Promise<Map<string, { readonly externalId: string; readonly pass: number }>> {
    const holders = new Map<string, { readonly externalId: string; readonly pass: number }>()
    for (const some of chunksOf(addresses)) {
      const sql = `SELECT address, external_id AS "externalId", pass FROM fact_user WHERE source = ? AND address IN (${marks(some)})`
      for (const row of await this.queries.all(sql, [source, ...some])) {
        holders.set(String(row['address']), { externalId: String(row['externalId']), pass: Number(row['pass']) })
      }
    }
    return holders
  }

  /** Addresses that a directory entry had and has no longer; returns them. */
  async dropOtherAddresses(externalId: string, keep: readonly string[]): Promise<readonly string[]> {
    const rows = await this.queries.all("SELECT address FROM fact_user WHERE external_id = ? AND source = 'directory'", [externalId])
    const gone = rows.map((row) => String(row['address'])).filter((address) => !keep.includes(address))
    for (const address of gone) await this.queries.run("DELETE FROM fact_user WHERE address = ? AND source = 'directory'", [address])
    return gone
  }

  async putMemberships(memberships: readonly Membership[], pass: number): Promise<void> {
    const rows = new Map(
      memberships.map(({ statedBy, member, group }) => [`${statedBy}\n${member}\n${group}`, [statedBy, member, group, pass] as const]),
    )
    for (const some of chunksOf([...rows.values()])) {
      await this.queries.run(
        `INSERT INTO fact_membership (stated_by, member, grp, pass) VALUES ${rowMarks(some)}
         ON CONFLICT (stated_by, member, grp) DO UPDATE SET pass = excluded.pass`,
        some.flat(),
      )
    }
  }

  /** Memberships that an entry no longer states; only for an entry that was read completely. */
  dropStaleMemberships(statedBy: string, pass: number): Promise<number> {
    return this.queries.run('DELETE FROM fact_membership WHERE stated_by = ? AND pass <> ?', [statedBy, pass])
  }

  async leftovers(source: FactsSource, pass: number): Promise<Leftovers> {
    const users = await this.#count('SELECT COUNT(*) AS count FROM fact_user WHERE source = ? AND pass <> ?', source, pass)
    const seenUsers = await this.#count('SELECT COUNT(*) AS count FROM fact_user WHERE source = ? AND pass = ?', source, pass)
    if (source === 'import') return { users, seenUsers, memberships: 0, seenMemberships: 0 }
    const memberships = await this.#count('SELECT COUNT(*) AS count FROM fact_membership WHERE pass <> ?', pass)
    const seenMemberships = await this.#count('SELECT COUNT(*) AS count FROM fact_membership WHERE pass = ?', pass)
    return { users, seenUsers, memberships, seenMemberships }
  }

  async dropLeftovers(source: FactsSource, pass: number): Promise<number> {
    const origin: ContactOrigin = source === 'directory' ? 'directory' : 'imported'
    await this.queries.run(
      'DELETE FROM fact_contact WHERE origin = ? AND address IN (SELECT address FROM fact_user WHERE source = ? AND pass <> ?)',
      [origin, source, pass],
    )
    if (source === 'directory') await this.queries.run('DELETE FROM fact_membership WHERE pass <> ?', [pass])
    return await this.queries.run('DELETE FROM fact_user WHERE source = ? AND pass <> ?', [source, pass])
  }

  /** Adds a contact or makes it last longer; true when that is news. `expiresMs` 0: for ever. */
  async putContact(address: string, contact: string, origin: ContactOrigin, nowMs: number, expiresMs: number): Promise<boolean> {
    const changed = await this.queries.run(
      `INSERT INTO fact_contact (address, contact, origin, at_ms, expires_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (address, contact, origin) DO UPDATE SET at_ms = excluded.at_ms, expires_ms = excluded.expires_ms
       WHERE fact_contact.expires_ms <> 0 AND (excluded.expires_ms = 0 OR excluded.expires_ms > fact_contact.expires_ms)`,
      [address, contact, origin, nowMs, expiresMs],
    )
    return changed > 0
  }

  removeContact(address: string, contact: string): Promise<number> {
    return this.queries.run('DELETE FROM fact_contact WHERE address = ? AND contact = ?', [address, contact])
  }

  dropExpiredContacts(nowMs: number): Promise<number> {
    return this.queries.run('DELETE FROM fact_contact WHERE expires_ms > 0 AND expires_ms <= ?', [nowMs])
  }

  async state(name: string): Promise<string | undefined> {
    const [row] = await this.queries.all('SELECT value FROM fact_state WHERE name = ?', [name])
    return row === undefined ? undefined : String(row['value'])
  }

  async setState(name: string, value: string): Promise<void> {
    const sql = 'INSERT INTO fact_state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value'
    await this.queries.run(sql, [name, value])
  }

  /** Counts up: 1, 2, 3 …, each once, whoever else counts. */
  async next(name: string): Promise<number> {
    const [row] = await this.queries.all(
      `INSERT INTO fact_state (name, value) VALUES (?, '1')
       ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(fact_state.value AS BIGINT) + 1 AS TEXT) RETURNING value`,
      [name],
    )
    return Number(row?.['value'])
  }

  async #putRows(source: FactsSource, users: readonly StoredUser[], pass: number): Promise<readonly string[]> {
    const sql = `SELECT address, facts, external_id AS "externalId" FROM fact_user WHERE source = ? AND address IN (${marks(users)})`
    const before = new Map<string, SqlRow>()
    for (const row of await this.queries.all(sql, [source, ...users.map(({ address }) => address)])) before.set(String(row['address']), row)
    const changed: string[] = []
    const rows = users.map(({ address, externalId, rights, groups, safeList }): readonly SqlValue[] => {
      const facts = JSON.stringify({ rights, groups, safeList })
      const was = before.get(address)
      if (was?.['facts'] !== facts || was['externalId'] !== externalId) changed.push(address)
      return [address, source, externalId, pass, facts]
    })
    await this.queries.run(
      `INSERT INTO fact_user (address, source, external_id, pass, facts) VALUES ${rowMarks(rows)}
       ON CONFLICT (address, source) DO UPDATE SET external_id = excluded.external_id, pass = excluded.pass, facts = excluded.facts`,
      rows.flat(),
    )
    return changed
  }

  async #replaceContacts(origin: ContactOrigin, users: readonly StoredUser[], nowMs: number): Promise<readonly string[]> {
    const sql = `SELECT address, contact FROM fact_contact WHERE origin = ? AND address IN (${marks(users)})`
    const rows = await this.queries.all(sql, [origin, ...users.map(({ address }) => address)])
    const before = Map.groupBy(rows, (row) => String(row['address']))
    const changed: string[] = []
    const gone: [string, string, string][] = []
    const fresh: [string, string, string, number, number][] = []
    for (const { address, contacts } of users) {
      const old = new Set((before.get(address) ?? []).map((row) => String(row['contact'])))
      if (old.size === 0 && contacts.length === 0) continue
      const wanted = new Set(contacts)
      const [lost, come] = [[...old].filter((one) => !wanted.has(one)), [...wanted].filter((one) => !old.has(one))]
      for (const contact of lost) gone.push([address, contact, origin])
      for (const contact of come) fresh.push([address, contact, origin, nowMs, 0])
      if (lost.length + come.length > 0) changed.push(address)
    }
    for (const some of chunksOf(gone)) {
      const which = `(address, contact, origin) IN (VALUES ${rowMarks(some)})`
      await this.queries.run(`DELETE FROM fact_contact WHERE ${which}`, some.flat())
    }
    for (const some of chunksOf(fresh)) {
      await this.queries.run(
        `INSERT INTO fact_contact (address, contact, origin, at_ms, expires_ms) VALUES ${rowMarks(some)}
         ON CONFLICT (address, contact, origin) DO UPDATE SET at_ms = excluded.at_ms, expires_ms = excluded.expires_ms`,
        some.flat(),
      )
    }
    return changed
  }

  async #count(sql: string, ...values: SqlValue[]): Promise<number> {
    const [row] = await this.queries.all(sql, values)
    return Number(row?.['count'])
  }
}
