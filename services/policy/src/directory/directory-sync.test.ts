import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { SqliteFactsDatabase } from '../facts/sqlite-facts-database.ts'
import { runDirectorySuite } from './directory-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-directory-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

runDirectorySuite('SQLite', async () => new SqliteFactsDatabase(join(folder, `${++files}.db`)), { skip: false })
