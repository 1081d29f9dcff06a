import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { ArchiveClient } from '@gatehouse/archive-client'
import { type Bus, createEmbeddedBus } from '@gatehouse/bus'
import { ArchiveRecordSchema, CheckpointSchema, ExportEntriesRequestSchema, ProveRequestSchema } from '@gatehouse/proto'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { type ArchiveService, buildArchiveService } from '../app.ts'
import { readPublicKey } from '../chain/signing-key.ts'
import { archiveConfig } from '../config.ts'
import { SampleRecords } from '../sample-records.ts'
import { faultOfProof, type ProvenRecord, parseProofLine, proofLine } from '../verify/proof-document.ts'
import { checkpointFromMessage } from './wire-records.ts'

let folder = ''
let bus: Bus
let service: ArchiveService
let client: ArchiveClient
const samples = new SampleRecords()
const caller = { caller: 'auditor.contoso.example', signal: new AbortController().signal }
describe('archive handlers', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-handlers-'))
  })
  after(() => rmSync(folder, { recursive: true }))
  let files = 0
  beforeEach(async () => {
    bus = createEmbeddedBus()
    const config = archiveConfig.parse({
      databaseFile: join(folder, `log-${++files}.db`),
      commitThread: 'same',
      checkpoint: { everyRecords: 3 },
    })
    service = buildArchiveService(config, { bus, log: silentLogger, metrics: new MetricsRegistry() })
    await service.start()
    const setTimer = (run: () => void, delayMs: number): (() => void) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    }
    client = new ArchiveClient({ bus, defer: (run) => void setImmediate(run), setTimer }, { timeoutMs: 1000 })
  })
  afterEach(async () => {
    await service.stop()
    await bus.close(100)
  })

  const append = (record: Uint8Array): Promise<unknown> => new Promise((resolve) => client.append(record, resolve))

  async function proofOf(envelopeId: Uint8Array): Promise<ProvenRecord> {
    const { record, checkpoint } = await service.handlers.prove(create(ProveRequestSchema, { envelopeId }), caller)
    const stored = record!.record!
    return {
      record: {
        sequence: Number(stored.sequence),
        committedAtUs: Number(stored.committedAtUs),
        hash: stored.hash!,
        record: stored.record!,
      },
      previousHash: stored.previousHash!,
      proof: { index: Number(record!.proof!.index), size: Number(record!.proof!.size), path: record!.proof!.path! },
      checkpoint: checkpointFromMessage(create(CheckpointSchema, checkpoint as MessageInitShape<typeof CheckpointSchema>)),
      messageKey: undefined,
    }
  }

  test('every record has a proof that holds elsewhere, and for nothing else', async () => {
    const ids: Uint8Array[] = []
    for (let at = 0; at < 8; at++) {
      const { id, record } = samples.entry()
      ids.push(id)
      await append(record)
    }
    const keys = [readPublicKey(service.publicKeyPem())]
    const proofs: ProvenRecord[] = []
    for (const id of ids) proofs.push(parseProofLine(proofLine(await proofOf(id), true))!)
    for (const proven of proofs) assert.equal(faultOfProof(proven, keys), undefined)
    assert.ok(
      proofs.some(({ proof }) => proof!.path.length > 0),
      'some tree has more than one record',
    )
    const [one, two] = proofs as [ProvenRecord, ProvenRecord]
    const faults = [
      { ...one, record: { ...one.record, record: Buffer.concat([one.record.record, Uint8Array.of(0)]) } },
      { ...one, record: { ...one.record, committedAtUs: one.record.committedAtUs - 1 } },
      { ...one, record: { ...two.record, sequence: one.record.sequence } },
      { ...one, proof: { ...one.proof!, index: one.proof!.index + 1 } },
      { ...one, proof: undefined },
      { ...one, checkpoint: { ...one.checkpoint, signedAtUs: 1 } },
      { ...one, checkpoint: { ...one.checkpoint, tree: undefined } },
    ].map((proven) => faultOfProof(proven, keys))
    assert.equal(faults.filter((fault) => fault === undefined).length, 0)
    assert.match(faultOfProof(one, []) ?? '', /none of the given keys/)
    await assert.rejects(proofOf(new Uint8Array(16)), { code: 'GH-ARCHIVE-NOT-FOUND' })
  })

  async function exported(
    filter: MessageInitShape<typeof ExportEntriesRequestSchema>,
  ): Promise<{ senders: string[]; checkpoints: number[]; end: number }> {
    const senders: string[] = []
    const checkpoints: number[] = []
    let end = 0
    for await (const { part } of service.handlers.exportEntries(create(ExportEntriesRequestSchema, filter), caller)) {
      if (part?.case === 'checkpoint') checkpoints.push(Number(part.value.sequence))
      else if (part?.case === 'end') end = Number(part.value.headSequence)
      else if (part?.case === 'record') {
        const { content } = fromBinary(ArchiveRecordSchema, part.value.record!.record!)
        senders.push(content.case === 'entry' ? content.value.envelope!.fromAddress.slice(4, 9) : content.case!)
        assert.ok(checkpoints.includes(Number(part.value.checkpointSequence)), 'its checkpoint was sent before it')
      }
    }
    return { senders, checkpoints, end }
  }

  test('entries are exported in the order of the log, filtered, from behind a sequence', async () => {
    await append(
      samples.entry({ fromAddress: 'sip:alice@contoso.example', toAddress: 'sip:bob@fabrikam.example', receivedAtUs: 1_000_000 }).record,
    )
    await append(
      samples.entry({ fromAddress: 'sip:bobby@fabrikam.example', toAddress: 'sip:alice@contoso.example', conversation: 'c2' }).record,
    )
    await append(samples.entry({ fromAddress: 'sip:carol@adatum.example', toAddress: 'sip:alice@contoso.example' }).record)
    assert.deepEqual((await exported({})).senders, ['alice', 'bobby', 'carol'])
    assert.deepEqual((await exported({ domain: 'Fabrikam.example' })).senders, ['alice', 'bobby'])
    assert.deepEqual((await exported({ user: 'carol@adatum.example' })).senders, ['carol'])
    assert.deepEqual((await exported({ sinceUs: BigInt(Date.now() - 60_000) * 1000n })).senders, ['bobby', 'carol'])
    assert.deepEqual((await exported({ untilUs: 2_000_000n })).senders, ['alice'])
    assert.deepEqual((await exported({ conversation: 'c2' })).senders, ['bobby'])
    const rest = await exported({ afterSequence: 2n, toSequence: 3n })
    assert.deepEqual([rest.senders, rest.checkpoints], [['carol'], [3, rest.end]])
  })
})
