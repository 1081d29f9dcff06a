import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { openSqlite } from './open-sqlite.ts'
import { runStoreSuite } from './store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

runStoreSuite(
  'SQLite',
  async () => {
    const databaseFile = join(folder, `${++files}.db`)
    return {
      open: async () => openSqlite(databaseFile),
      config: { databaseFile },
      spoil: async () => {
        const database = new DatabaseSync(databaseFile)
        database.exec('PRAGMA user_version = 99')
        database.close()
      },
    }
  },
  { skip: false },
)
