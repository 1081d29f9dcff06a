import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { indexFileOf } from '../index/sqlite-slices.ts'
import { runArchiveSuite } from '../suite/store-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-archive-suite-'))
after(() => rmSync(root, { recursive: true }))

runArchiveSuite(
  'SQLite',
  async () => {
    const folder = mkdtempSync(join(root, 'log-'))
    const databaseFile = join(folder, 'archive.db')
    const runOn = async (file: string, sql: string): Promise<void> => {
      const database = new DatabaseSync(file)
      database.exec(sql)
      database.close()
    }
    const indexFile = indexFileOf(databaseFile)
    return {
      config: { databaseFile },
      folder,
      run: (sql) => runOn(databaseFile, sql),
      runOnIndex: (sql) => runOn(indexFile, sql),
      slices: async () => {
        const database = new DatabaseSync(indexFile, { readOnly: true })
        const row = database.prepare('SELECT count(*) AS count FROM slice').get()
        database.close()
        return Number(row?.['count'])
      },
      spoil: () => runOn(databaseFile, 'PRAGMA user_version = 99'),
    }
  },
  { skip: false },
)
