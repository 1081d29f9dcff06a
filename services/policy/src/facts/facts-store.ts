import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { type RightsSpec, type UserFacts, unknownUser } from '@gatehouse/policy-engine'
import { factsError } from './facts-codes.ts'
import { migrateFacts } from './facts-schema.ts'

export type FactsSource = 'directory' | 'import'
export type ContactOrigin = 'directory' | 'imported' | 'learned' | 'accepted'

/** One user as directory or import has them. */
export interface StoredUser {
  /** As `userKey` makes it. */
  readonly address: string
  /** Normalised distinguished name; empty for imports. */
  readonly externalId: string
  readonly rights: RightsSpec
  /** Lower-case names of groups, besides memberships of the directory. */
  readonly groups: readonly string[]
  readonly contacts: readonly string[]
  readonly safeList: readonly string[]
}

export interface Membership {
  readonly statedBy: string
  readonly member: string
  readonly group: string
}

export interface ContactRow {
  readonly address: string
  readonly origin: ContactOrigin
  /** 0: for ever. */
  readonly expiresMs: number
}

/** What goes when a pass ends: rows of the same source that the pass did not see. */
export interface Leftovers {
  readonly users: number
  readonly memberships: number
  readonly seenUsers: number
  readonly seenMemberships: number
}

/** Most groups and levels of nesting of one user: a directory may nest in circles. */
const MAX_GROUPS = 1_000
const MAX_NESTING = 16

/** Facts about users in SQLite. Address keys throughout. Every write is one transaction; all throw GH-FACTS-STORE. */
export class FactsStore {
  readonly #file: string
  readonly #statements = new Map<string, StatementSync>()
  #opened: DatabaseSync | undefined

  /** Nothing is opened yet. */
  constructor(file: string) {
    this.#file = file
  }

  /** Opens the file and brings its tables up to date; first use does it too. */
  open(): void {
    if (this.#opened !== undefined) return
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(this.#file)
      // NORMAL: after a power cut the last notes may be gone, never half of one; facts come again from their source
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      migrateFacts(database)
      this.#opened = database
    } catch (thrown) {
      database?.close()
      if (thrown instanceof GatewayError) throw thrown
      throw factsError('GH-FACTS-STORE', `${this.#file}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }

  get #database(): DatabaseSync {
    this.open()
    return this.#opened as DatabaseSync
  }

  close(): void {
    this.#statements.clear()
    this.#opened?.close()
    this.#opened = undefined
  }

  /** One prepared statement per text, for the other stores on this database too. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  /** All or nothing. */
  transaction<T>(run: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const result = run()
      this.#database.exec('COMMIT')
      return result
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (thrown instanceof GatewayError) throw thrown
      throw factsError('GH-FACTS-STORE', messageOf(thrown), { cause: thrown })
    }
  }

  /** Everything that decisions ask for. Contacts that have expired are left out. */
  factsOf(address: string, nowMs: number): UserFacts {
    const rows = this.sql('SELECT source, external_id AS externalId, facts FROM fact_user WHERE address = ? ORDER BY source').all(address)
    const contacts = new Map<string, number>()
    for (const row of this.contactsOf(address, nowMs)) {
      const until = row.expiresMs === 0 ? Number.POSITIVE_INFINITY : row.expiresMs
      contacts.set(row.address, Math.max(until, contacts.get(row.address) ?? 0))
    }
    if (rows.length === 0) return { ...unknownUser('neither directory nor import has them'), contacts }
    const groups = new Set<string>()
    const safeList = new Set<string>()
    let rights: RightsSpec = {}
    for (const row of rows as unknown as { source: string; externalId: string; facts: string }[]) {
      const stored = JSON.parse(row.facts) as Pick<StoredUser, 'rights' | 'groups' | 'safeList'>
      // in the order of the names an import comes after the directory: what somebody wrote by hand counts
      rights = { ...rights, ...stored.rights }
      for (const group of stored.groups) groups.add(group)
      for (const entry of stored.safeList) safeList.add(entry)
      if (row.externalId !== '') this.#addGroupsOf(row.externalId, groups)
    }
    const detail = (rows as unknown as { source: string }[]).map(({ source }) => source).join(', ')
    return { status: 'known', detail, rights, groups: [...groups], contacts, safeList }
  }

  contactsOf(address: string, nowMs: number): readonly ContactRow[] {
    return this.sql(
      `SELECT contact AS address, origin, expires_ms AS expiresMs FROM fact_contact
       WHERE address = ? AND (expires_ms = 0 OR expires_ms > ?) ORDER BY contact, origin LIMIT 10000`,
    ).all(address, nowMs) as unknown as ContactRow[]
  }

  /** Writes what a source says; true when that is news. */
  putUser(source: FactsSource, user: StoredUser, pass: number, nowMs: number): boolean {
    const { address, externalId, rights, groups, safeList } = user
    const facts = JSON.stringify({ rights, groups, safeList })
    const before = this.sql('SELECT facts, external_id AS externalId FROM fact_user WHERE address = ? AND source = ?').get(address, source)
    this.sql(
      `INSERT INTO fact_user (address, source, external_id, pass, facts) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (address, source) DO UPDATE SET external_id = excluded.external_id, pass = excluded.pass, facts = excluded.facts`,
    ).run(address, source, externalId, pass, facts)
    const hasNewContacts = this.#replaceContacts(address, source === 'directory' ? 'directory' : 'imported', user.contacts, nowMs)
    return before === undefined || before['facts'] !== facts || before['externalId'] !== externalId || hasNewContacts
  }

  /** Which entry has an address, and which pass saw it last. */
  holderOf(address: string, source: FactsSource): { readonly externalId: string; readonly pass: number } | undefined {
    return this.sql('SELECT external_id AS externalId, pass FROM fact_user WHERE address = ? AND source = ?').get(address, source) as
      | { externalId: string; pass: number }
      | undefined
  }

  /** Addresses that a directory entry had and has no longer; returns them. */
  dropOtherAddresses(externalId: string, keep: readonly string[]): readonly string[] {
    const rows = this.sql("SELECT address FROM fact_user WHERE external_id = ? AND source = 'directory'").all(externalId)
    const gone = (rows as { address: string }[]).map(({ address }) => address).filter((address) => !keep.includes(address))
    for (const address of gone) this.sql("DELETE FROM fact_user WHERE address = ? AND source = 'directory'").run(address)
    return gone
  }

  putMembership({ statedBy, member, group }: Membership, pass: number): void {
    this.sql(
      `INSERT INTO fact_membership (stated_by, member, grp, pass) VALUES (?, ?, ?, ?)
       ON CONFLICT (stated_by, member, grp) DO UPDATE SET pass = excluded.pass`,
    ).run(statedBy, member, group, pass)
  }

  /** Memberships that an entry no longer states; only for an entry that was read completely. */
  dropStaleMemberships(statedBy: string, pass: number): number {
    return Number(this.sql('DELETE FROM fact_membership WHERE stated_by = ? AND pass <> ?').run(statedBy, pass).changes)
  }

  leftovers(source: FactsSource, pass: number): Leftovers {
    const users = this.#count('SELECT COUNT(*) AS count FROM fact_user WHERE source = ? AND pass <> ?', source, pass)
    const seenUsers = this.#count('SELECT COUNT(*) AS count FROM fact_user WHERE source = ? AND pass = ?', source, pass)
    if (source === 'import') return { users, seenUsers, memberships: 0, seenMemberships: 0 }
    const memberships = this.#count('SELECT COUNT(*) AS count FROM fact_membership WHERE pass <> ?', pass)
    const seenMemberships = this.#count('SELECT COUNT(*) AS count FROM fact_membership WHERE pass = ?', pass)
    return { users, seenUsers, memberships, seenMemberships }
  }

  /** Ends a pass: what it did not see is gone. Returns the removed users. */
  dropLeftovers(source: FactsSource, pass: number): number {
    const origin: ContactOrigin = source === 'directory' ? 'directory' : 'imported'
    return this.transaction(() => {
      this.sql(
        `DELETE FROM fact_contact WHERE origin = ? AND address IN (SELECT address FROM fact_user WHERE source = ? AND pass <> ?)`,
      ).run(origin, source, pass)
      if (source === 'directory') this.sql('DELETE FROM fact_membership WHERE pass <> ?').run(pass)
      return Number(this.sql('DELETE FROM fact_user WHERE source = ? AND pass <> ?').run(source, pass).changes)
    })
  }

  countUsers(): number {
    return this.#count('SELECT COUNT(DISTINCT address) AS count FROM fact_user')
  }

  /** Adds a contact or makes it last longer; true when that is news. `expiresMs` 0: for ever. */
  putContact(address: string, contact: string, origin: ContactOrigin, nowMs: number, expiresMs: number): boolean {
    const before = this.sql('SELECT expires_ms AS expiresMs FROM fact_contact WHERE address = ? AND contact = ? AND origin = ?').get(
      address,
      contact,
      origin,
    ) as { expiresMs: number } | undefined
    if (before !== undefined && (before.expiresMs === 0 || (expiresMs !== 0 && before.expiresMs >= expiresMs))) return false
    this.sql(
      `INSERT INTO fact_contact (address, contact, origin, at_ms, expires_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (address, contact, origin) DO UPDATE SET at_ms = excluded.at_ms, expires_ms = excluded.expires_ms`,
    ).run(address, contact, origin, nowMs, expiresMs)
    return true
  }

  removeContact(address: string, contact: string): number {
    return Number(this.sql('DELETE FROM fact_contact WHERE address = ? AND contact = ?').run(address, contact).changes)
  }

  /** Room for new ones; nobody asks for what has expired. */
  dropExpiredContacts(nowMs: number): number {
    return Number(this.sql('DELETE FROM fact_contact WHERE expires_ms > 0 AND expires_ms <= ?').run(nowMs).changes)
  }

  state(name: string): string | undefined {
    return (this.sql('SELECT value FROM fact_state WHERE name = ?').get(name) as { value: string } | undefined)?.value
  }

  setState(name: string, value: string): void {
    this.sql('INSERT INTO fact_state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value').run(name, value)
  }

  /** The number of a new pass of a source; never given twice. */
  nextPass(source: FactsSource): number {
    const pass = Number(this.state(`pass.${source}`) ?? 0) + 1
    this.setState(`pass.${source}`, String(pass))
    return pass
  }

  #replaceContacts(address: string, origin: ContactOrigin, contacts: readonly string[], nowMs: number): boolean {
    const before = this.sql('SELECT contact FROM fact_contact WHERE address = ? AND origin = ?').all(address, origin) as {
      contact: string
    }[]
    if (before.length === 0 && contacts.length === 0) return false
    const wanted = new Set(contacts)
    let isNews = false
    for (const { contact } of before) {
      if (wanted.has(contact)) continue
      isNews = true
      this.sql('DELETE FROM fact_contact WHERE address = ? AND contact = ? AND origin = ?').run(address, contact, origin)
    }
    for (const contact of wanted) isNews = this.putContact(address, contact, origin, nowMs, 0) || isNews
    return isNews
  }

  /** Groups of groups, level by level; each once, so that circles end. */
  #addGroupsOf(externalId: string, groups: Set<string>): void {
    const find = this.sql('SELECT DISTINCT grp FROM fact_membership WHERE member = ?')
    let level: readonly string[] = [externalId]
    for (let depth = 0; depth < MAX_NESTING && level.length > 0; depth++) {
      const next: string[] = []
      for (const member of level) {
        for (const row of find.all(member) as { grp: string }[]) {
          if (groups.has(row.grp) || groups.size >= MAX_GROUPS) continue
          groups.add(row.grp)
          next.push(row.grp)
        }
      }
      level = next
    }
  }

  #count(text: string, ...parameters: (string | number)[]): number {
    return (this.sql(text).get(...parameters) as { count: number }).count
  }
}
