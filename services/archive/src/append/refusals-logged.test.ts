import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { AppendRequestSchema } from '@gatehouse/proto'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import { buildArchiveService } from '../app.ts'
import { archiveConfig } from '../config.ts'
import { SampleRecords } from '../sample-records.ts'

test('another body under a used id is refused and logged, without a word of either', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-refusals-'))
  const bus = createEmbeddedBus()
  let lines = ''
  const destination = {
    write: (line: string) => {
      lines += line
    },
  }
  const log = createLogger({ service: 'archive', level: 'info', destination })
  const config = archiveConfig.parse({ databaseFile: join(folder, 'archive.db'), commitThread: 'same' })
  const service = buildArchiveService(config, { bus, log, metrics: new MetricsRegistry() })
  await service.start()
  try {
    const samples = new SampleRecords()
    const first = samples.entry({ body: Buffer.from('the first text') })
    const second = samples.entry({ id: first.id, body: Buffer.from('the second text') })
    const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: [first.record, second.record] }))
    await new Promise<void>((resolve) => bus.request('gh.v1.archive.append', request, 10_000, () => resolve()))
    assert.match(lines, /"code":"GH-ARCHIVE-ID-REUSED","count":1.*records refused/)
    assert.doesNotMatch(lines, /text|fabrikam/)
  } finally {
    await service.stop()
    await bus.close(100)
    rmSync(folder, { recursive: true })
  }
})
