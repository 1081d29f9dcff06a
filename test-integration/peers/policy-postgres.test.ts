import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openPostgres } from '@gatehouse/policy'
import { runStoreSuite } from '@gatehouse/policy/test'
import { Client } from 'pg'
import { type RunningPostgres, skipWithoutPostgres, startPostgres } from '../peers-kit/postgres.ts'

const skip = skipWithoutPostgres()
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pg-'))
// the server runs as a user of its own
chmodSync(folder, 0o777)
let server: Promise<RunningPostgres> | undefined
let databases = 0

after(async () => {
  await (await server)?.stop()
  rmSync(folder, { recursive: true, force: true })
})

runStoreSuite(
  'PostgreSQL',
  async () => {
    server ??= startPostgres(folder)
    const name = `policy${++databases}`
    const url = await (await server).makeDatabase(name)
    const urlFile = join(folder, `${name}.url`)
    writeFileSync(urlFile, url)
    return {
      open: () => openPostgres(url, () => {}),
      config: { databaseFile: '', postgres: { urlFile }, signingKeyFile: join(folder, 'signing.key') },
      spoil: async () => {
        const client = new Client({ connectionString: url })
        await client.connect()
        await client.query('INSERT INTO gatehouse_policy.schema_version (version) VALUES (99)')
        await client.end()
      },
    }
  },
  { skip },
)
