// Started by store-suite.ts: makes one revision after the other and says each that is done, until somebody kills it.
import { readFileSync, writeSync } from 'node:fs'
import type { PolicyConfig } from '../config.ts'
import { openPostgres } from './open-postgres.ts'
import { openSqlite } from './open-sqlite.ts'
import { blockObjects } from './store-suite.ts'

const config = JSON.parse(process.argv[2] ?? '') as Pick<PolicyConfig, 'databaseFile' | 'postgres'>
const store =
  config.postgres === undefined
    ? openSqlite(config.databaseFile)
    : await openPostgres(readFileSync(config.postgres.urlFile, 'utf8'), () => {})
for (;;) {
  const { row, objects } = await store.load()
  const revision = row.revision + 1
  const after = blockObjects(100, String(revision))
  await store.append({ base: row.revision, atMs: revision, author: 'child', reason: '', before: objects, after })
  writeSync(1, `${revision}\n`)
}
