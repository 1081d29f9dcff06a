import { setTimeout } from 'node:timers/promises'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { keyOf } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { type Kysely, sql, type Transaction } from 'kysely'
import { policyError } from '../errors.ts'
import { type ChangeRow, changeRows, objectOf, type Places } from './change-rows.ts'
import type { Tables } from './tables.ts'

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
  /** Where objects were written in the files that were applied. */
  readonly places?: Places | undefined
}

/** The revision that made an object what it is, and where it was written then. */
export interface Origin {
  readonly revision: number
  /** Undefined: in no file that is known. */
  readonly place: { readonly file: string; readonly line: number } | undefined
}

/** Where revisions are kept; what each call rejects with stands at `RevisionStore`. */
export interface Revisions {
  newest(): Promise<RevisionRow>
  history(limit: number): Promise<RevisionRow[]>
  countObjects(): Promise<number>
  countChangesAfter(revision: number): Promise<number>
  row(revision: number): Promise<RevisionRow | undefined>
  originOf(object: Pick<PolicyObject, 'kind' | 'name'>, revision: number): Promise<Origin | undefined>
  load(): Promise<{ readonly row: RevisionRow; readonly objects: PolicyObject[] }>
  objectsAt(revision: number): Promise<PolicyObject[] | undefined>
  append(change: NewRevision): Promise<RevisionRow>
  exclusively<T>(run: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Before the first apply: the empty policy. */
export const NO_REVISION: RevisionRow = { revision: 0, atMs: 0, author: '', reason: '', changes: 0 }

/** Rows of one statement: seven values each, below the parameter limits of both databases (32,766 and 65,535). */
const BATCH = 2_000
/** Any fixed number but the one of the migrations. */
const APPLY_LOCK = 7_064_002
const SQLITE_BUSY = 5
const BUSY_MS = 10_000
const BUSY_STEP_MS = 10

/**
 * Every revision of the policy. A revision is one transaction: after a crash the old one or the new one is in force, never something
 * between. The same SQL runs on SQLite and PostgreSQL; several processes may use one database.
 */
export class RevisionStore implements Revisions {
  readonly #database: Kysely<Tables>
  readonly #close: () => Promise<void>

  constructor(database: Kysely<Tables>, close: () => Promise<void> = () => database.destroy()) {
    this.#database = database
    this.#close = close
  }

  /** The newest revision; revision 0 is the empty policy before the first apply. */
  async newest(): Promise<RevisionRow> {
    return (await this.history(1))[0] ?? NO_REVISION
  }

  /** Newest first. */
  history(limit: number): Promise<RevisionRow[]> {
    return this.#guard(() => historyOf(this.#database, limit))
  }

  /** One revision; undefined: there is none of that number. */
  row(revision: number): Promise<RevisionRow | undefined> {
    if (!Number.isSafeInteger(revision)) return Promise.resolve(undefined)
    return this.#guard(async () => {
      const row = await this.#database.selectFrom('revision').selectAll().where('revision', '=', revision).executeTakeFirst()
      return row === undefined ? undefined : rowOf(row)
    })
  }

  /** Which revision, up to the given one, made an object what it is. Undefined: it never was there. */
  originOf({ kind, name }: Pick<PolicyObject, 'kind' | 'name'>, revision: number): Promise<Origin | undefined> {
    return this.#guard(async () => {
      const found = await this.#database
        .selectFrom('change')
        .select(['revision', 'file', 'line'])
        .where('kind', '=', kind)
        .where('name', '=', name)
        .where('revision', '<=', revision)
        .orderBy('revision', 'desc')
        .limit(1)
        .executeTakeFirst()
      if (found === undefined) return undefined
      const { file, line } = found
      return { revision: Number(found.revision), place: file === null || line === null ? undefined : { file, line } }
    })
  }

  /** Of the newest revision. */
  countObjects(): Promise<number> {
    return this.#guard(async () => {
      const { count } = await this.#database
        .selectFrom('object')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(count)
    })
  }

  /** So many objects at most does the policy of a revision have that the newest has not. */
  countChangesAfter(revision: number): Promise<number> {
    return this.#guard(async () => {
      const query = this.#database.selectFrom('revision').where('revision', '>', Number.isSafeInteger(revision) ? revision : 0)
      const { sum } = await query.select(({ fn }) => fn.sum('changes').as('sum')).executeTakeFirstOrThrow()
      return Number(sum ?? 0)
    })
  }

  /** The newest revision and its objects, of one moment. */
  load(): Promise<{ readonly row: RevisionRow; readonly objects: PolicyObject[] }> {
    return this.#reading(async (transaction) => {
      const row = (await historyOf(transaction, 1))[0] ?? NO_REVISION
      return { row, objects: await objectsOf(transaction) }
    })
  }

  /** Objects of an older revision, by undoing what came after it. Undefined: there is none of that number. */
  objectsAt(revision: number): Promise<PolicyObject[] | undefined> {
    return this.#reading(async (transaction) => {
      const newest = (await historyOf(transaction, 1))[0]?.revision ?? 0
      if (!Number.isSafeInteger(revision) || revision < 0 || revision > newest) return undefined
      const objects = new Map((await objectsOf(transaction)).map((object) => [keyOf(object), object]))
      for (let at = newest; at > revision; at--) {
        const rows = await transaction.selectFrom('change').select(['kind', 'name', 'before']).where('revision', '=', at).execute()
        for (const { kind, name, before } of rows) {
          if (before === null) objects.delete(`${kind}/${name}`)
          else objects.set(`${kind}/${name}`, objectOf(kind, name, before))
        }
      }
      return [...objects.values()]
    })
  }

  /** Makes a revision and returns it. Rejects with GH-REVISION-CONFLICT when another one came in between, GH-REVISION-STORE when it cannot be kept. */
  append(change: NewRevision): Promise<RevisionRow> {
    return this.#guard(() => whenFree(() => this.#append(change)))
  }

  #append(change: NewRevision): Promise<RevisionRow> {
    return this.#database.transaction().execute(async (transaction) => {
      // first, and a write: from here until the commit every other apply waits, on both databases
      const moved = await transaction
        .updateTable('head')
        .set({ revision: change.base + 1 })
        .where('revision', '=', change.base)
        .executeTakeFirst()
      if (moved.numUpdatedRows !== 1n) {
        const { revision } = await transaction.selectFrom('head').select('revision').executeTakeFirstOrThrow()
        throw conflict(Number(revision), change.base)
      }
      return await write(transaction, change)
    })
  }

  /** Runs while no other replica runs something so: who loses a race for the next revision could lose the one after it too. */
  exclusively<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#isPostgres) return run()
    return this.#guard(() =>
      this.#database.transaction().execute(async (transaction) => {
        await sql`SELECT pg_advisory_xact_lock(${APPLY_LOCK})`.execute(transaction)
        return await run()
      }),
    )
  }

  async close(): Promise<void> {
    await this.#close()
  }

  get #isPostgres(): boolean {
    return this.#database.getExecutor().adapter.supportsMultipleConnections !== false
  }

  #reading<T>(run: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#guard(() => {
      const transaction = this.#database.transaction()
      // SQLite reads one snapshot in any transaction
      return (this.#isPostgres ? transaction.setIsolationLevel('repeatable read') : transaction).execute(run)
    })
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown
      throw policyError('GH-REVISION-STORE', messageOf(thrown), { cause: thrown })
    }
  }
}

/** Another process writes to the SQLite file: tried again for a while. PostgreSQL waits by itself. */
async function whenFree<T>(run: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += BUSY_STEP_MS) {
    try {
      return await run()
    } catch (thrown) {
      const isBusy = (thrown as { errcode?: unknown }).errcode === SQLITE_BUSY
      if (!isBusy || waitedMs >= BUSY_MS) throw thrown
      await setTimeout(BUSY_STEP_MS)
    }
  }
}

/** Says both, so that whoever asked knows what to look at. */
export function conflict(inForce: number, expected: number): GatewayError {
  return policyError('GH-REVISION-CONFLICT', `Revision ${inForce} is in force, not ${expected}.`, { facts: { inForce, expected } })
}

async function historyOf(database: Kysely<Tables>, limit: number): Promise<RevisionRow[]> {
  const rows = await database.selectFrom('revision').selectAll().orderBy('revision', 'desc').limit(limit).execute()
  return rows.map(rowOf)
}

function rowOf({ revision, at_ms, author, reason, changes }: Tables['revision']): RevisionRow {
  return { revision: Number(revision), atMs: Number(at_ms), author, reason, changes }
}

async function objectsOf(database: Kysely<Tables>): Promise<PolicyObject[]> {
  const rows = await database.selectFrom('object').selectAll().execute()
  return rows.map(({ kind, name, spec }) => objectOf(kind, name, spec))
}

async function write(transaction: Transaction<Tables>, change: NewRevision): Promise<RevisionRow> {
  const { base, atMs, author, reason } = change
  const rows = changeRows(change.before, change.after, change.places)
  const row = { revision: base + 1, atMs, author, reason, changes: rows.length }
  await transaction.insertInto('revision').values({ revision: row.revision, at_ms: atMs, author, reason, changes: row.changes }).execute()
  for (let start = 0; start < rows.length; start += BATCH) await writeBatch(transaction, row.revision, rows.slice(start, start + BATCH))
  return row
}

async function writeBatch(transaction: Transaction<Tables>, revision: number, rows: readonly ChangeRow[]): Promise<void> {
  await transaction
    .insertInto('change')
    .values(rows.map((row) => ({ revision, ...row })))
    .execute()
  const put = rows.flatMap(({ kind, name, after }) => (after === null ? [] : [{ kind, name, spec: after }]))
  if (put.length > 0) {
    await transaction
      .insertInto('object')
      .values(put)
      .onConflict((conflicting) => conflicting.columns(['kind', 'name']).doUpdateSet({ spec: (build) => build.ref('excluded.spec') }))
      .execute()
  }
  for (const kind of new Set(rows.flatMap((row) => (row.after === null ? [row.kind] : [])))) {
    const names = rows.flatMap((row) => (row.after === null && row.kind === kind ? [row.name] : []))
    await transaction.deleteFrom('object').where('kind', '=', kind).where('name', 'in', names).execute()
  }
}
