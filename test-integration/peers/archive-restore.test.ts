import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { restoreLog } from '@gatehouse/archive'
import { type ArchiveBed, collected, findingsOf, officer, openArchive, SampleRecords } from '@gatehouse/archive/test'
import { EraseRequestSchema, GetRequestSchema, SearchRequestSchema } from '@gatehouse/proto'
import { skipWithoutPostgres, startPostgres } from '../peers-kit/postgres.ts'

const ALICE = 'sip:alice@contoso.example'
const nothing = { run: async () => {}, spoil: async () => {} }

test('a log moves from SQLite to PostgreSQL: records, chain, bodies and what was erased', { skip: skipWithoutPostgres() }, async () => {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-archive-restore-'))
  // the server runs as a user of its own
  chmodSync(root, 0o777)
  const server = await startPostgres(root)
  const keyFile = join(root, 'wrapping-keys')
  writeFileSync(keyFile, `k1 ${Buffer.alloc(32, 5).toString('base64')}\n`)
  const encrypted = { encryption: { keyFile }, checkpoint: { everyRecords: 8 } }
  const samples = new SampleRecords()
  try {
    const file = join(root, 'archive.db')
    const old = await openArchive({ config: { databaseFile: file }, folder: root, ...nothing }, encrypted)
    const erased = samples.entry({ toAddress: ALICE, body: Buffer.from('a secret') })
    const kept = samples.entry({ body: Buffer.from('worth keeping') })
    await old.append(erased.record, kept.record)
    for (let at = 0; at < 10; at++) await old.append(samples.entry().record, samples.outcomes([kept.id], 200, at))
    await old.service.handlers.erase(create(EraseRequestSchema, { user: 'alice@contoso.example', reason: 'request 44' }), officer)
    await old.stop()

    const url = await server.makeDatabase('restored')
    const urlFile = join(root, 'url')
    writeFileSync(urlFile, url)
    copyFileSync(`${file}.key`, join(root, 'moved.key'))
    const restored = await restoreLog(file, url)
    assert.deepEqual([restored.records, restored.bodyKeys > 1], [24, true])
    await assert.rejects(restoreLog(file, url), { code: 'GH-ARCHIVE-QUERY' })

    const bed: ArchiveBed = { config: { databaseFile: join(root, 'moved'), postgres: { urlFile } }, folder: root, ...nothing }
    const archive = await openArchive(bed, encrypted)
    const { handlers } = archive.service
    assert.deepEqual(await archive.append(kept.record, samples.entry().record), ['2 again', '25'])
    assert.deepEqual(await findingsOf(archive), [])
    const got = await handlers.get(create(GetRequestSchema, { envelopeId: kept.id }), officer)
    assert.deepEqual([Buffer.from(got.record?.body ?? []).toString(), got.outcomes?.length], ['worth keeping', 10])
    assert.equal((await handlers.get(create(GetRequestSchema, { envelopeId: erased.id }), officer)).record?.bodyErased, true)
    const found = await collected(handlers.search(create(SearchRequestSchema, { toAddress: ALICE }), officer))
    assert.deepEqual(
      found.map(({ record }) => Number(record?.sequence)),
      [1],
    )
    await archive.stop()
  } finally {
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  }
})
