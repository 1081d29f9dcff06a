import { DatabaseSync } from 'node:sqlite'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { keyOf } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { policyError } from '../errors.ts'
import { migrate } from './migrations.ts'

export interface RevisionRow {
  readonly revision: number
  readonly atMs: number
  readonly author: string
  readonly reason: string
  /** How many objects it touched. */
  readonly changes: number
}

export interface NewRevision {
  /** The revision it was made from; another one in force refuses it. */
  readonly base: number
  readonly atMs: number
  readonly author: string
  readonly reason: string
  readonly before: readonly PolicyObject[]
  readonly after: readonly PolicyObject[]
}

interface ChangeRow {
  readonly kind: string
  readonly name: string
  readonly before: string | null
  readonly after: string | null
}

/**
 * Every revision of the policy in one SQLite file. A revision is one transaction, synced to the disk: after a crash the old one or
 * the new one is in force, never something between.
 */
export class RevisionStore {
  readonly #database: DatabaseSync

  /** Throws GH-REVISION-STORE. */
  constructor(file: string) {
    try {
      this.#database = new DatabaseSync(file)
      this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON')
    } catch (thrown) {
      throw policyError('GH-REVISION-STORE', `${file}: ${messageOf(thrown)}`, { cause: thrown })
    }
    migrate(this.#database)
  }

  /** The newest revision; revision 0 is the empty policy before the first apply. */
  newest(): RevisionRow {
    return this.history(1)[0] ?? { revision: 0, atMs: 0, author: '', reason: '', changes: 0 }
  }

  /** Newest first. */
  history(limit: number): RevisionRow[] {
    const rows = this.#database.prepare(
      'SELECT revision, at_ms AS atMs, author, reason, changes FROM revision ORDER BY revision DESC LIMIT ?',
    )
    return rows.all(limit) as unknown as RevisionRow[]
  }

  /** Objects of the newest revision. */
  objects(): PolicyObject[] {
    const rows = this.#database.prepare('SELECT kind, name, spec FROM object').all() as { kind: string; name: string; spec: string }[]
    return rows.map(({ kind, name, spec }) => objectOf(kind, name, spec))
  }

  /** Objects of an older revision, by undoing what came after it. Undefined: there is none of that number. */
  objectsAt(revision: number): PolicyObject[] | undefined {
    if (revision < 0 || revision > this.newest().revision) return undefined
    const objects = new Map(this.objects().map((object) => [keyOf(object), object]))
    const changes = this.#database.prepare('SELECT kind, name, before FROM change WHERE revision > ? ORDER BY revision DESC')
    for (const row of changes.iterate(revision) as Iterable<unknown> as Iterable<ChangeRow>) {
      if (row.before === null) objects.delete(`${row.kind}/${row.name}`)
      else objects.set(`${row.kind}/${row.name}`, objectOf(row.kind, row.name, row.before))
    }
    return [...objects.values()]
  }

  /** Makes a revision and returns it. Throws GH-REVISION-CONFLICT when another one came in between, GH-REVISION-STORE when it cannot be kept. */
  append(change: NewRevision): RevisionRow {
    const database = this.#database
    try {
      database.exec('BEGIN IMMEDIATE')
    } catch (thrown) {
      throw policyError('GH-REVISION-STORE', messageOf(thrown), { cause: thrown })
    }
    try {
      const inForce = this.newest().revision
      if (inForce !== change.base) throw policyError('GH-REVISION-CONFLICT', `Revision ${inForce} is in force, not ${change.base}.`)
      const row = this.#write(change)
      database.exec('COMMIT')
      return row
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK')
      if (thrown instanceof GatewayError) throw thrown
      throw policyError('GH-REVISION-STORE', messageOf(thrown), { cause: thrown })
    }
  }

  #write({ base, atMs, author, reason, before, after }: NewRevision): RevisionRow {
    const rows = changeRows(before, after)
    const row = { revision: base + 1, atMs, author, reason, changes: rows.length }
    this.#database
      .prepare('INSERT INTO revision (revision, at_ms, author, reason, changes) VALUES (?, ?, ?, ?, ?)')
      .run(row.revision, atMs, author, reason, rows.length)
    const keep = this.#database.prepare('INSERT INTO change (revision, kind, name, before, after) VALUES (?, ?, ?, ?, ?)')
    const put = this.#database.prepare(
      'INSERT INTO object (kind, name, spec) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET spec = excluded.spec',
    )
    const drop = this.#database.prepare('DELETE FROM object WHERE kind = ? AND name = ?')
    for (const { kind, name, before: was, after: is } of rows) {
      keep.run(row.revision, kind, name, was, is)
      if (is === null) drop.run(kind, name)
      else put.run(kind, name, is)
    }
    return row
  }

  close(): void {
    this.#database.close()
  }
}

function objectOf(kind: string, name: string, spec: string): PolicyObject {
  return { kind: kind as PolicyKind, name, spec: JSON.parse(spec) } as PolicyObject
}

function changeRows(before: readonly PolicyObject[], after: readonly PolicyObject[]): ChangeRow[] {
  const specs = new Map(before.map((object) => [keyOf(object), JSON.stringify(object.spec)]))
  const rows: ChangeRow[] = []
  const present = new Set<string>()
  for (const object of after) {
    const key = keyOf(object)
    present.add(key)
    const was = specs.get(key) ?? null
    const is = JSON.stringify(object.spec)
    if (was !== is) rows.push({ kind: object.kind, name: object.name, before: was, after: is })
  }
  for (const object of before) {
    const key = keyOf(object)
    if (!present.has(key)) rows.push({ kind: object.kind, name: object.name, before: specs.get(key) ?? null, after: null })
  }
  return rows
}
