import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import {
  findingsOf,
  type OpenArchive,
  openArchive,
  runArchiveSuite,
  SampleRecords,
  type SuiteBed,
  stopArchives,
} from '@gatehouse/archive/test'
import { Client } from 'pg'
import { type RunningPostgres, skipWithoutPostgres, startPostgres } from '../peers-kit/postgres.ts'

const skip = skipWithoutPostgres()
const root = mkdtempSync(join(tmpdir(), 'gatehouse-archive-pg-'))
// the server runs as a user of its own
chmodSync(root, 0o777)
let server: Promise<RunningPostgres> | undefined
let database: Promise<string> | undefined

after(async () => {
  await (await server)?.stop()
  rmSync(root, { recursive: true, force: true })
})

async function makeBed(): Promise<SuiteBed> {
  server ??= startPostgres(root)
  const folder = mkdtempSync(join(root, 'log-'))
  // One database, emptied: making one takes longer than a test.
  database ??= server.then((running) => running.makeDatabase('archive'))
  const url = await database
  const urlFile = join(folder, 'url')
  writeFileSync(urlFile, url)
  const withClient = async <T>(use: (client: Client) => Promise<T>): Promise<T> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    const result = await use(client)
    await client.end()
    return result
  }
  const run = async (sql: string): Promise<void> => {
    await withClient((client) => client.query(`SET search_path = gatehouse_archive; ${sql}`))
  }
  await run('DROP SCHEMA IF EXISTS gatehouse_archive, gatehouse_archive_keys CASCADE')
  return {
    config: { databaseFile: join(folder, 'archive'), postgres: { urlFile } },
    folder,
    run,
    runOnIndex: run,
    slices: () =>
      withClient(async (client) => {
        const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM gatehouse_archive.slice')
        return Number(rows[0]?.count)
      }),
    spoil: () => run('INSERT INTO schema_version (version) VALUES (99)'),
  }
}

runArchiveSuite('PostgreSQL', makeBed, { skip })

describe('several archives on one PostgreSQL', { skip }, () => {
  afterEach(stopArchives)
  it('make one log with one chain, each record once, whichever of them it reaches', async () => {
    const bed = await makeBed()
    const archives = await Promise.all([openArchive(bed), openArchive(bed), openArchive(bed)])
    const samples = new SampleRecords()
    const records = Array.from({ length: 120 }, () => samples.entry().record)
    const answers = await Promise.all(archives.map((archive, at) => sendInTurn(archive, rotated(records, at * 40))))
    const sequences = answers.map((answer) => answer.map((text) => Number.parseInt(text, 10)))
    for (const [at, answer] of sequences.entries()) {
      assert.deepEqual(new Set(answer), new Set(sequences[0]), `archive ${at} names the same records`)
      assert.equal(new Set(answer).size, 120)
    }
    const fresh = answers.flat().filter((text) => !text.endsWith(' again'))
    assert.equal(fresh.length, 120, 'each was new to one of them')
    for (const archive of archives) assert.deepEqual(await findingsOf(archive), [])
    await Promise.all(archives.map((archive) => archive.stop()))
  })

  it('takes nothing where a commit would be acknowledged before it is on the disk', async () => {
    const bed = await makeBed()
    let archive = await openArchive(bed)
    assert.deepEqual(await archive.append(new SampleRecords().entry().record), ['1'])
    await archive.stop()
    await bed.run('ALTER ROLE gatehouse SET synchronous_commit = off')
    archive = await openArchive(bed)
    assert.deepEqual(await archive.append(new SampleRecords().entry().record), ['GH-ARCHIVE-NOT-DURABLE'])
    await archive.stop()
    await bed.run('ALTER ROLE gatehouse RESET synchronous_commit')
  })

  it('goes on when its connection was cut, and an archive that hangs in a transaction does not keep the others', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed)
    const samples = new SampleRecords()
    assert.deepEqual(await archive.append(samples.entry().record), ['1'])
    await bed.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse-archive'")
    let answer = ''
    for (const record = samples.entry().record; answer !== '2'; ) {
      answer = (await archive.append(record))[0]!
      assert.match(answer, /^(2|GH-ARCHIVE-DATABASE)$/)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await archive.stop()
  })
})

async function sendInTurn(archive: OpenArchive, records: readonly Uint8Array[]): Promise<string[]> {
  const answers: string[] = []
  for (let at = 0; at < records.length; at += 6) answers.push(...(await archive.append(...records.slice(at, at + 6))))
  return answers
}

function rotated<T>(items: readonly T[], by: number): T[] {
  return [...items.slice(by), ...items.slice(0, by)]
}
