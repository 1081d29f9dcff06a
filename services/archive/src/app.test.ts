import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { create, fromBinary } from '@bufbuild/protobuf'
import { type AppendOutcome, ArchiveClient } from '@gatehouse/archive-client'
import { type Bus, createEmbeddedBus } from '@gatehouse/bus'
import {
  ArchiveRecordSchema,
  ExportRequestSchema,
  GetRequestSchema,
  type SearchRequest,
  SearchRequestSchema,
  StatusRequestSchema,
  VerifyRequestSchema,
} from '@gatehouse/proto'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { type ArchiveService, buildArchiveService } from './app.ts'
import { archiveConfig } from './config.ts'
import { SampleRecords } from './sample-records.ts'
import { LogReader } from './store/log-reader.ts'

let folder = ''
let files = 0
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-app-'))
})
after(() => rmSync(folder, { recursive: true }))

const setTimer = (run: () => void, delayMs: number): (() => void) => {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}
const defer = (run: () => void): void => {
  setImmediate(run)
}
const caller = { caller: 'auditor.contoso.example', signal: new AbortController().signal }

async function collect<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const part of parts) all.push(part)
  return all
}

for (const commitThread of ['own', 'same'] as const) {
  describe(`archive service, commits in ${commitThread} thread`, () => {
    let bus: Bus
    let service: ArchiveService
    let client: ArchiveClient
    let file = ''
    let metrics: MetricsRegistry
    const samples = new SampleRecords()

    beforeEach(async () => {
      files++
      file = join(folder, `app-${files}.db`)
      bus = createEmbeddedBus()
      metrics = new MetricsRegistry()
      const config = archiveConfig.parse({ databaseFile: file, commitThread, busyTimeoutMs: 20 })
      service = buildArchiveService(config, { bus, log: silentLogger, metrics })
      await service.start()
      client = new ArchiveClient({ bus, defer, setTimer })
    })

    const append = (record: Uint8Array): Promise<AppendOutcome> => new Promise((resolve) => client.append(record, resolve))

    test('answers after the commit, in order, and says how it is', async () => {
      const outcomes = await Promise.all(Array.from({ length: 300 }, () => append(samples.entry().record)))
      assert.deepEqual(
        outcomes.map((outcome) => outcome.ok && outcome.sequence),
        Array.from({ length: 300 }, (_, at) => at + 1),
      )
      const other = new LogReader(file)
      assert.equal(other.lastSequence(), 300, 'another connection sees what was acknowledged')
      other.close()
      assert.equal(service.health().isReady, true)
      const status = await service.handlers.status(create(StatusRequestSchema), caller)
      assert.deepEqual([status.sequence, status.accepting], [300n, true])
      assert.match(await metrics.text(), /gatehouse_archive_records_total 300/)
      await stop()
    })

    test('a log that is locked is refused and said, then goes on by itself', async () => {
      await append(samples.entry().record)
      const locker = new DatabaseSync(file)
      locker.exec('BEGIN IMMEDIATE')
      const refused = await append(samples.entry().record)
      assert.equal(refused.ok ? 'ok' : refused.code, 'GH-ARCHIVE-LOCKED')
      assert.equal(service.health().isReady, false)
      await assert.rejects(collect(service.handlers.search(create(SearchRequestSchema), caller)), { code: 'GH-ARCHIVE-ACCESS-UNRECORDED' })
      locker.exec('ROLLBACK')
      locker.close()
      for (let at = 0; at < 300 && !service.health().isReady; at++) await new Promise((resolve) => setTimeout(resolve, 10))
      const accepted = await append(samples.entry().record)
      assert.equal(accepted.ok && accepted.sequence, 2)
      await stop()
    })

    test('searches by every term, newest first, page by page', async () => {
      const text = (word: string): Uint8Array => new TextEncoder().encode(`about ${word}`)
      await append(
        samples.entry({
          fromAddress: 'sip:Bob@Fabrikam.example;transport=tls',
          toAddress: 'sip:alice@contoso.example',
          body: text('lunch'),
        }).record,
      )
      await append(
        samples.entry({ fromAddress: 'sip:carol@adatum.example', toAddress: 'sip:bob@fabrikam.example', conversation: 'c-2' }).record,
      )
      await append(
        samples.entry(
          { fromAddress: 'sip:dave@adatum.example', toAddress: 'sip:erin@contoso.example' },
          { verdict: 'deny', mark: 'unverified' },
        ).record,
      )
      await append(samples.entry({ receivedAtUs: 1000, fromAddress: 'sip:old@adatum.example', toAddress: 'sip:x@contoso.example' }).record)
      const search = async (terms: Partial<Omit<SearchRequest, '$typeName' | '$unknown'>>): Promise<number[]> => {
        const parts = await collect(service.handlers.search(create(SearchRequestSchema, { reason: 'case 7', ...terms }), caller))
        return parts.map((part) => Number(part.record?.sequence))
      }
      assert.deepEqual(await search({ fromAddress: 'bob@fabrikam.example' }), [1])
      assert.deepEqual(await search({ toAddress: 'SIP:BOB@fabrikam.example' }), [2])
      assert.deepEqual(await search({ domain: 'fabrikam.example' }), [2, 1])
      assert.deepEqual(await search({ domain: 'contoso.example' }), [4, 3, 1])
      assert.deepEqual(await search({ conversation: 'c-2' }), [2])
      assert.deepEqual(await search({ verdict: 'deny' }), [3])
      assert.deepEqual(await search({ mark: 'unverified' }), [3])
      assert.deepEqual(await search({ text: 'LUNCH' }), [1])
      assert.deepEqual(await search({ domain: 'adatum.example', limit: 2 }), [4, 3])
      assert.deepEqual(await search({ domain: 'adatum.example', beforeSequence: 3n }), [2])
      const nowUs = BigInt(Date.now() * 1000)
      assert.deepEqual(await search({ sinceUs: nowUs - 60_000_000n, domain: 'adatum.example' }), [3, 2])
      assert.deepEqual(await search({ untilUs: nowUs - 3_600_000_000n }), [])
      assert.deepEqual(await search({ sinceUs: nowUs + 3_600_000_000n }), [])
      await stop()
      const accesses = accessesIn(file)
      assert.equal(accesses.length, 13)
      assert.deepEqual(accesses[0], { caller: 'auditor.contoso.example', action: 'search', reason: 'case 7', from: 'bob@fabrikam.example' })
    })

    test('gets one message with what became of it', async () => {
      const { id, record } = samples.entry()
      await append(record)
      client.appendOutcome({ envelopeId: id, atUs: 77, status: 486, code: 'GH-X', isCertain: true })
      await client.drain(1000)
      const got = await service.handlers.get(create(GetRequestSchema, { envelopeId: id }), caller)
      assert.deepEqual([got.record?.sequence, got.record?.outcomeStatus], [1n, 486])
      assert.deepEqual(got.outcomes, [{ envelopeId: id, atUs: 77n, status: 486, code: 'GH-X', certain: true }])
      await assert.rejects(service.handlers.get(create(GetRequestSchema, { envelopeId: new Uint8Array(16) }), caller), {
        code: 'GH-ARCHIVE-NOT-FOUND',
      })
      await stop()
    })

    test('verifies and exports the running log, signed to its end', async () => {
      for (let at = 0; at < 5; at++) await append(samples.entry().record)
      const last = (await collect(service.handlers.verify(create(VerifyRequestSchema), caller))).at(-1)
      assert.deepEqual([last?.finished, last?.intact, last?.findings, last?.checked], [true, true, [], 6n], 'five and the access')
      const parts = await collect(service.handlers.export(create(ExportRequestSchema), caller))
      assert.deepEqual(
        parts.map(({ part }) => (part?.case === 'record' ? Number(part.value.sequence) : `signed ${Number(part?.value?.sequence)}`)),
        [1, 2, 3, 4, 5, 6, 7, 'signed 6', 'signed 7'],
      )
      await stop()
    })

    afterEach(async () => {
      await service.stop()
      await bus.close(100)
    })

    async function stop(): Promise<void> {
      await service.stop()
      const reader = new LogReader(file)
      const signed = reader.checkpoints(0, Number.MAX_SAFE_INTEGER).at(-1)
      assert.equal(signed?.sequence ?? 0, reader.lastSequence(), 'the head is signed when the service has stopped')
      reader.close()
    }
  })
}

function accessesIn(file: string): { caller: string; action: string; reason: string; from: string }[] {
  const reader = new LogReader(file)
  const records = reader.page(0, Number.MAX_SAFE_INTEGER, 1000)
  reader.close()
  return records.flatMap(({ record }) => {
    const { content } = fromBinary(ArchiveRecordSchema, record)
    if (content.case !== 'access') return []
    const { caller: who, action, reason, query } = content.value
    return [{ caller: who, action, reason, from: String((JSON.parse(query) as { fromAddress: string }).fromAddress) }]
  })
}
