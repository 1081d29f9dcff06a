import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { runArchiveSuite } from '../suite/store-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-archive-suite-'))
after(() => rmSync(root, { recursive: true }))

runArchiveSuite(
  'SQLite',
  async () => {
    const folder = mkdtempSync(join(root, 'log-'))
    const databaseFile = join(folder, 'archive.db')
    const run = async (sql: string): Promise<void> => {
      const database = new DatabaseSync(databaseFile)
      database.exec(sql)
      database.close()
    }
    return { config: { databaseFile }, folder, run, spoil: () => run('PRAGMA user_version = 99') }
  },
  { skip: false },
)
