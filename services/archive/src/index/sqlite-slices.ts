import { rmSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { codeOfThrown } from '../store/sqlite-code.ts'
import { findPlaces, type PostingPage, packPostings } from './posting-pages.ts'
import { bytesOfSteps, type FilledSlice, type SliceFacts, stepsOfBytes } from './slice.ts'
import type { SliceSource } from './slice-source.ts'
import { SLICE_RECORDS } from './terms.ts'

/** A file of its own: what is derived shares neither the write lock nor the fsync of the log, and may be lost. */
export function indexFileOf(databaseFile: string): string {
  return `${databaseFile}.index`
}

/** Another number: the file is made again. */
const VERSION = 1
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE slice (
    first INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    last_at_us INTEGER NOT NULL,
    id_steps BLOB NOT NULL,
    outcome_steps BLOB NOT NULL,
    greatest_id BLOB NOT NULL,
    greatest_outcome_at_us INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE posting (
    first INTEGER NOT NULL,
    term INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (first, term, part)
  ) STRICT, WITHOUT ROWID;
`

/** The index of a log in SQLite: slices that are written once. */
export class SqliteSlices implements SliceSource {
  readonly #database: DatabaseSync
  readonly #slices: StatementSync
  readonly #find: StatementSync
  readonly #pages: StatementSync
  readonly #known: SliceFacts[] = []

  /** Opens an index for reading. Throws what SQLite throws. */
  constructor(database: DatabaseSync) {
    this.#database = database
    this.#slices = database.prepare('SELECT * FROM slice WHERE first >= ? ORDER BY first')
    this.#find = database.prepare(
      `SELECT term, part, bytes FROM posting WHERE first = ?1 AND term <= ?2
         AND term >= coalesce((SELECT max(term) FROM posting WHERE first = ?1 AND term < ?2), 0) ORDER BY term, part`,
    )
    this.#pages = database.prepare(
      `SELECT term, part, bytes FROM posting WHERE first = ?1 AND term < ?3
         AND term >= coalesce((SELECT max(term) FROM posting WHERE first = ?1 AND term < ?2), 0) ORDER BY term, part`,
    )
  }

  slices(): readonly SliceFacts[] {
    let next = (this.#known.at(-1)?.first ?? 1 - SLICE_RECORDS) + SLICE_RECORDS
    for (const row of this.#slices.all(next)) {
      const facts = factsOf(row)
      if (facts.first !== next) break
      this.#known.push(facts)
      next += SLICE_RECORDS
    }
    return this.#known
  }

  find(slices: readonly SliceFacts[], term: number): number[][] {
    return slices.map(({ first }) => {
      const places: number[] = []
      for (const row of this.#find.all(first, term)) findPlaces(pageOf(row), term, places)
      return places.map((place) => first + place)
    })
  }

  pages(slice: SliceFacts): PostingPage[] {
    return this.pagesBetween(slice, 0, Number.MAX_SAFE_INTEGER)
  }

  /** Those that can have a term from the first up to the second. */
  pagesBetween({ first }: SliceFacts, from: number, to: number): PostingPage[] {
    return this.#pages.all(first, from, to).map(pageOf)
  }

  close(): void {
    this.#database.close()
  }
}

/** Opens the index of a log for reading; undefined when there is none of this log that this version reads. */
export function openSlices(file: string, logId: Uint8Array, busyTimeoutMs: number): SqliteSlices | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    if (isOf(database, logId)) return new SqliteSlices(database)
  } catch {
    // Not there, or damaged: whoever writes the log makes it anew, and until then the log itself is gone through.
  }
  database?.close()
  return undefined
}

/** Writes slices. One at a time has the file. */
export class SliceWriter {
  readonly #database: DatabaseSync

  /** `logId`: of the log it belongs to; what is there of another log, of another version, or damaged, is thrown away. Throws what SQLite throws. */
  constructor(file: string, logId: Uint8Array, busyTimeoutMs: number) {
    try {
      this.#database = openFor(file, logId, busyTimeoutMs)
    } catch (thrown) {
      if (codeOfThrown(thrown).code !== 'GH-ARCHIVE-CORRUPT') throw thrown
      for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true })
      this.#database = openFor(file, logId, busyTimeoutMs)
    }
  }

  /** Reads with the same connection. */
  reader(): SqliteSlices {
    return new SqliteSlices(this.#database)
  }

  write(slice: FilledSlice): void {
    const pages = packPostings(slice.postings)
    const insert = this.#database.prepare('INSERT INTO posting VALUES (?, ?, ?, ?)')
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      // Half of it may be there from somebody who was killed; or all of it.
      this.#remove('first = ?', slice.first)
      for (const { term, part, bytes } of pages) insert.run(slice.first, term, part, bytes)
      this.#database
        .prepare('INSERT INTO slice VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(
          slice.first,
          slice.hash,
          slice.lastAtUs,
          bytesOfSteps(slice.idSteps),
          bytesOfSteps(slice.outcomeSteps),
          Buffer.from(slice.greatestId, 'latin1'),
          slice.greatestOutcomeAtUs,
        )
      this.#database.exec('COMMIT')
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw thrown
    }
  }

  /** Throws away a slice and all behind it. */
  dropFrom(first: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    this.#remove('first >= ?', first)
    this.#database.exec('COMMIT')
  }

  close(): void {
    this.#database.close()
  }

  #remove(condition: string, first: number): void {
    this.#database.prepare(`DELETE FROM posting WHERE ${condition}`).run(first)
    this.#database.prepare(`DELETE FROM slice WHERE ${condition}`).run(first)
  }
}

function openFor(file: string, logId: Uint8Array, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  try {
    // Large pages: a slice is written as a whole. NORMAL: what a power cut takes is made again.
    database.exec('PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384')
    if (!isOf(database, logId)) makeAnew(database, logId)
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

function isOf(database: DatabaseSync, logId: Uint8Array): boolean {
  if (versionOf(database) !== VERSION) return false
  const row = database.prepare("SELECT value FROM meta WHERE name = 'log_id'").get()
  return row !== undefined && Buffer.compare(row['value'] as Uint8Array, logId) === 0
}

function makeAnew(database: DatabaseSync, logId: Uint8Array): void {
  const tables = 'DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS slice; DROP TABLE IF EXISTS posting;'
  database.exec(`BEGIN IMMEDIATE; ${tables} ${SCHEMA} PRAGMA user_version = ${VERSION};`)
  database.prepare("INSERT INTO meta VALUES ('log_id', ?)").run(logId)
  database.exec('COMMIT')
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
}

type Row = Readonly<Record<string, unknown>>

function factsOf(row: Row): SliceFacts {
  return {
    first: Number(row['first']),
    hash: row['hash'] as Uint8Array,
    lastAtUs: Number(row['last_at_us']),
    idSteps: stepsOfBytes(row['id_steps'] as Uint8Array),
    outcomeSteps: stepsOfBytes(row['outcome_steps'] as Uint8Array),
    greatestId: Buffer.from(row['greatest_id'] as Uint8Array).toString('latin1'),
    greatestOutcomeAtUs: Number(row['greatest_outcome_at_us']),
  }
}

function pageOf(row: Row): PostingPage {
  return { term: Number(row['term']), part: Number(row['part']), bytes: row['bytes'] as Uint8Array }
}
