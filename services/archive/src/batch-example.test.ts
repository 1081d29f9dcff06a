import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { AppendRequestSchema } from '@gatehouse/proto'
import { batchTraceHeaders, MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { CollectedSpans } from '@gatehouse/telemetry/test'
import { buildArchiveService } from './app.ts'
import { archiveConfig } from './config.ts'

it('a batch has a trace of a message in it as its example, and none where nobody is followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-batch-'))
  const [bus, metrics, collected] = [createEmbeddedBus(), new MetricsRegistry(), new CollectedSpans()]
  const config = archiveConfig.parse({ databaseFile: join(folder, 'archive.db'), commitThread: 'same' })
  const service = buildArchiveService(config, { bus, log: silentLogger, metrics, tracer: collected.tracer('archive') })
  try {
    await service.start()
    const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: [] }))
    const append = (headers: Readonly<Record<string, string>> | undefined): Promise<unknown> =>
      new Promise((resolve) => bus.request(busSubjects.archiveAppend.name, request, 30_000, resolve, headers))
    await append(undefined)
    assert.doesNotMatch(await metrics.openMetricsText(), /trace_id/)
    const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true }
    await append(batchTraceHeaders([trace]))
    assert.match(await metrics.openMetricsText(), /^gatehouse_archive_batch_seconds_bucket\{.*\} \d # \{trace_id="1{32}"\}/m)
  } finally {
    await service.stop()
    await bus.close(0)
    await collected.stop()
    rmSync(folder, { recursive: true })
  }
})
