import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openPostgres } from '@gatehouse/policy'
import { PostgresFactsDatabase, runDirectorySuite, runFactsSuite, runStoreSuite } from '@gatehouse/policy/test'
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

interface Place {
  readonly url: string
  readonly urlFile: string
}

/** An empty database of its own. */
async function makePlace(): Promise<Place> {
  server ??= startPostgres(folder)
  const name = `policy${++databases}`
  const url = await (await server).makeDatabase(name)
  const urlFile = join(folder, `${name}.url`)
  writeFileSync(urlFile, url)
  return { url, urlFile }
}

function configOf({ urlFile }: Place) {
  return { databaseFile: '', postgres: { urlFile }, signingKeyFile: join(folder, 'signing.key') }
}

runStoreSuite(
  'PostgreSQL',
  async () => {
    const place = await makePlace()
    const { url } = place
    return {
      open: () => openPostgres(url, () => {}),
      config: configOf(place),
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

runFactsSuite('PostgreSQL', async () => configOf(await makePlace()), { skip })

runDirectorySuite('PostgreSQL', async () => new PostgresFactsDatabase({ urlFile: (await makePlace()).urlFile, log: () => {} }), { skip })
