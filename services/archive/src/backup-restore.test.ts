import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { GetRequestSchema, VerifyRequestSchema } from '@gatehouse/proto'
import { SampleRecords } from './sample-records.ts'
import { startSampleService } from './sample-service.ts'
import { newKeyLine } from './seal/key-ring.ts'

const caller = { caller: 'officer.contoso.example', signal: new AbortController().signal }

/** As `sqlite3 FILE ".backup OTHER"` does: page by page, while the file is written to. */
async function backUp(file: string, other: string): Promise<void> {
  const database = new DatabaseSync(file, { readOnly: true })
  await backup(database, other)
  database.close()
}

test('a backup made while the archive runs is a whole archive in another place: bodies, chain, and it goes on', async () => {
  const [first, second] = [mkdtempSync(join(tmpdir(), 'gatehouse-live-')), mkdtempSync(join(tmpdir(), 'gatehouse-restored-'))]
  const keyFile = join(first, 'wrapping-keys')
  writeFileSync(keyFile, newKeyLine('k1'))
  const samples = new SampleRecords()
  const live = await startSampleService({ encryption: { keyFile } }, first)
  const kept = samples.entry({ body: Buffer.from('worth keeping'), direction: 'inbound' })
  assert.equal((await live.append(kept.record)).ok, true)
  for (let at = 0; at < 40; at++) assert.equal((await live.append(samples.entry().record)).ok, true)
  await backUp(join(first, 'archive.db'), join(second, 'archive.db'))
  await backUp(join(first, 'archive.db.keys'), join(second, 'archive.db.keys'))
  copyFileSync(join(first, 'archive.db.key'), join(second, 'archive.db.key'))
  for (let at = 0; at < 5; at++) assert.equal((await live.append(samples.entry().record)).ok, true)
  await live.stop()

  const restored = await startSampleService({ encryption: { keyFile } }, second)
  try {
    const found = await restored.service.handlers.get(create(GetRequestSchema, { envelopeId: kept.id }), caller)
    assert.equal(Buffer.from(found.record?.body ?? new Uint8Array()).toString(), 'worth keeping')
    assert.equal((await restored.append(samples.entry().record)).ok, true)
    let last: { intact?: boolean; finished?: boolean; findings?: readonly unknown[] } | undefined
    for await (const answer of restored.service.handlers.verify(create(VerifyRequestSchema), caller)) last = answer
    assert.deepEqual([last?.finished, last?.intact, last?.findings?.length ?? 0], [true, true, 0])
    const again = await restored.append(kept.record)
    assert.equal(again.ok && again.duplicate, true, 'what the backup has is known again')
  } finally {
    await restored.stop()
    rmSync(first, { recursive: true })
    rmSync(second, { recursive: true })
  }
})
