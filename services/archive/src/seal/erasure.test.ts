import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { create, fromBinary } from '@bufbuild/protobuf'
import {
  AddHoldRequestSchema,
  ArchiveRecordSchema,
  EraseRequestSchema,
  GetRequestSchema,
  ReleaseHoldRequestSchema,
  SearchRequestSchema,
} from '@gatehouse/proto'
import { readPublicKey } from '../chain/signing-key.ts'
import { SampleRecords } from '../sample-records.ts'
import { type SampleConfig, type SampleService, startSampleService } from '../sample-service.ts'
import { LogReader } from '../store/log-reader.ts'
import { verifyChain } from '../verify/verify-store.ts'
import { newKeyLine } from './key-ring.ts'
import { openSealed } from './seal-record.ts'

const DAY_US = 86_400_000_000
const NOW_US = 1_790_000_000_000_000
const SECRET = 'the secret of alice'
const caller = { caller: 'officer.contoso.example', signal: new AbortController().signal }
const ALICE = 'sip:alice@contoso.example'
const BOB = 'sip:bob@fabrikam.example'

let folder = ''
let keyFile = ''
let archive: SampleService
const samples = new SampleRecords()

async function start(more: SampleConfig = {}): Promise<void> {
  archive = await startSampleService({ encryption: { keyFile }, ...more }, folder, () => NOW_US)
}

describe('sealed bodies', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-seal-'))
    keyFile = join(folder, 'keys')
    writeFileSync(keyFile, newKeyLine('k1'))
  })
  afterEach(async () => {
    await archive.stop()
    rmSync(folder, { recursive: true })
  })

  async function say(
    from: string,
    to: string,
    body: string,
    daysAgo = 0,
    more: Parameters<SampleRecords['entry']>[0] = {},
  ): Promise<Uint8Array> {
    const direction = from.includes('contoso') ? 'outbound' : 'inbound'
    const facts = { fromAddress: from, toAddress: to, direction, body: Buffer.from(body), receivedAtUs: NOW_US - daysAgo * DAY_US, ...more }
    const { id, record } = samples.entry(facts)
    assert.equal((await archive.append(record)).ok, true)
    return id
  }

  /** The body as `get` shows it. */
  async function read(envelopeId: Uint8Array): Promise<string> {
    const { record } = await archive.service.handlers.get(create(GetRequestSchema, { envelopeId }), caller)
    return record!.bodyErased ? '[erased]' : Buffer.from(record!.body!).toString()
  }

  const erase = (user: string) => archive.service.handlers.erase(create(EraseRequestSchema, { user, reason: 'request 44' }), caller)

  function accesses(): string[] {
    const reader = new LogReader(join(folder, 'archive.db'))
    const records = reader.page(0, Number.MAX_SAFE_INTEGER, 1000)
    reader.close()
    return records.flatMap(({ record }) => {
      const { content } = fromBinary(ArchiveRecordSchema, record)
      return content.case === 'access' ? [`${content.value.caller} ${content.value.action} ${content.value.reason}`] : []
    })
  }

  async function assertChainIntact(): Promise<void> {
    const reader = new LogReader(join(folder, 'archive.db'))
    const report = await verifyChain(reader, { publicKeys: [readPublicKey(archive.service.publicKeyPem())] })
    reader.close()
    assert.deepEqual(
      report.findings.filter(({ code }) => code !== 'GH-ARCHIVE-NO-CHECKPOINT'),
      [],
    )
  }

  /** Whether a text stands anywhere in the files of the archive. */
  function isOnDisk(text: string): boolean {
    return readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text))
  }

  describe('bodies at rest', () => {
    test('are found, shown and opened with the key of one message, but stand nowhere in clear', async () => {
      await start()
      const id = await say(ALICE, BOB, SECRET, 0, { alteredBody: Buffer.from('what went out instead') })
      assert.equal(await read(id), SECRET)
      const found: string[] = []
      for await (const { record } of archive.service.handlers.search(create(SearchRequestSchema, { text: 'SECRET OF' }), caller)) {
        found.push(`${Buffer.from(record!.body!).toString()}, ${Buffer.from(record!.alteredBody!).toString()}`)
      }
      assert.deepEqual(found, [`${SECRET}, what went out instead`])
      const { record } = await archive.service.handlers.prove(
        { $typeName: 'gatehouse.v1.ProveRequest', envelopeId: id, sequence: 0n },
        caller,
      )
      const { content } = fromBinary(ArchiveRecordSchema, record!.record!.record!)
      assert.ok(content.case === 'entry' && content.value.envelope !== undefined && content.value.envelope.body.length === 0)
      const { nonce, ciphertext } = content.value.envelope.sealedBody!
      assert.ok(openSealed(record!.messageKey!, id, nonce, ciphertext)?.includes(SECRET), 'what the proof hands out opens it')
      assert.equal(openSealed(record!.messageKey!, new Uint8Array(16), nonce, ciphertext), undefined)
      assert.equal(isOnDisk(SECRET), false)
      assert.equal(isOnDisk('what went out instead'), false)
    })

    test('a retry is recorded once, and a restart reads on', async () => {
      await start()
      const { id, record } = samples.entry({ fromAddress: ALICE, direction: 'outbound', body: Buffer.from(SECRET) })
      const copy = Buffer.from(record)
      const [first, second] = [await archive.append(record), await archive.append(copy)]
      assert.deepEqual([first.ok && first.sequence, second.ok && second.sequence, second.ok && second.duplicate], [1, 1, true])
      await archive.stop()
      await start()
      assert.equal(await read(id), SECRET)
      const again = await archive.append(Buffer.from(copy))
      assert.equal(again.ok && again.duplicate, true)
    })

    test('without a usable key nothing is accepted, and with it again it goes on', async () => {
      writeFileSync(keyFile, 'no key\n')
      await start({ checkpoint: { everyMs: 50 } })
      const refused = await archive.append(samples.entry().record)
      assert.deepEqual([refused.ok, refused.ok || refused.code], [false, 'GH-ARCHIVE-ENCRYPTION'])
      assert.equal(archive.service.health().isReady, false)
      await archive.stop()
      writeFileSync(keyFile, newKeyLine('k2'))
      await start()
      assert.equal(await read(await say(ALICE, BOB, SECRET)), SECRET)
    })

    test('after a rotation the old key is needed no more', async () => {
      await start()
      const id = await say(ALICE, BOB, SECRET)
      await archive.stop()
      const newer = newKeyLine('k2')
      writeFileSync(keyFile, readFileSync(keyFile, 'utf8') + newer)
      await start()
      assert.deepEqual(await archive.service.handlers.expire(), { destroyed: 0, held: 0, rewrapped: 0 }, 'the start has done it')
      await archive.stop()
      writeFileSync(keyFile, newer)
      await start()
      assert.equal(await read(id), SECRET)
    })

    test('retention without encryption is refused at the start', async () => {
      await start()
      await assert.rejects(startSampleService({ retention: { days: 1 } }), { code: 'GH-ARCHIVE-ENCRYPTION' })
    })
  })

  describe('erasure', () => {
    test('makes what a user said and got unreadable, of nobody else, today too, and the chain stays whole', async () => {
      await start()
      const ids = [
        await say(ALICE, BOB, SECRET, 40),
        await say(BOB, ALICE, SECRET),
        await say('sip:carol@contoso.example', BOB, 'of carol'),
      ]
      const done = await erase('ALICE@contoso.example')
      assert.deepEqual([done.destroyedKeys, done.heldKeys], [2n, 0n])
      assert.deepEqual(await Promise.all(ids.map(read)), ['[erased]', '[erased]', 'of carol'])
      assert.equal(await read(await say(BOB, ALICE, 'later')), 'later', 'what comes after has a new key')
      await assertChainIntact()
      assert.deepEqual(accesses().slice(0, 2), ['officer.contoso.example erase request 44', 'officer.contoso.example erased request 44'])
      await archive.stop()
      await start()
      assert.equal(await read(ids[0]!), '[erased]', 'after a restart, too')
    })

    test('a hold beats it, by whatever it names, until it is released', async () => {
      await start()
      const holds = [
        { name: 'user', user: 'bob@fabrikam.example' },
        { name: 'conversation', conversation: 'call-1' },
        { name: 'domain', domain: 'Fabrikam.example' },
        { name: 'time', sinceUs: BigInt(NOW_US - DAY_US), untilUs: BigInt(NOW_US + DAY_US) },
      ]
      const id = await say(ALICE, BOB, SECRET, 0, { conversation: 'call-1' })
      const old = await say(ALICE, 'sip:dave@adatum.example', 'old', 9)
      for (const hold of holds) {
        await archive.service.handlers.addHold(create(AddHoldRequestSchema, { hold: { ...hold, reason: 'case' } }), caller)
        const done = await erase('alice@contoso.example')
        assert.deepEqual([done.heldKeys, done.holds], [1n, [hold.name]])
        assert.deepEqual([await read(id), await read(old)], [SECRET, '[erased]'])
        await archive.service.handlers.releaseHold(create(ReleaseHoldRequestSchema, { name: hold.name, reason: 'over' }), caller)
      }
      assert.equal((await erase('alice@contoso.example')).destroyedKeys, 1n)
      assert.equal(await read(id), '[erased]')
      const unbounded = create(AddHoldRequestSchema, { hold: { name: 'all', reason: 'case' } })
      await assert.rejects(archive.service.handlers.addHold(unbounded, caller), { code: 'GH-ARCHIVE-HOLD' })
      const nameless = create(ReleaseHoldRequestSchema, { name: 'user', reason: 'over' })
      await assert.rejects(archive.service.handlers.releaseHold(nameless, caller), { code: 'GH-ARCHIVE-HOLD' })
    })

    test('retention: by class, by user, and not what is held', async () => {
      const retention = { days: 100, classes: { publicNetworks: 5 }, users: [{ user: 'carol@contoso.example', days: 20 }] }
      await start({ retention })
      const publicSample = samples.entry(
        { fromAddress: ALICE, direction: 'outbound', body: Buffer.from('p'), receivedAtUs: NOW_US - 7 * DAY_US },
        { peerClass: 'provider' },
      )
      await archive.append(publicSample.record)
      const kept = [await say(ALICE, BOB, 'kept', 7), await say('sip:carol@contoso.example', BOB, 'kept', 19)]
      const gone = [publicSample.id, await say('sip:carol@contoso.example', BOB, 'gone', 22), await say(ALICE, BOB, 'gone', 102)]
      const held = await say(ALICE, 'sip:eve@adatum.example', 'held', 150)
      await archive.service.handlers.addHold(
        create(AddHoldRequestSchema, { hold: { name: 'h', domain: 'adatum.example', reason: 'r' } }),
        caller,
      )
      assert.deepEqual(await archive.service.handlers.expire(), { destroyed: 3, held: 1, rewrapped: 0 })
      assert.deepEqual(await Promise.all(kept.map(read)), ['kept', 'kept'])
      assert.deepEqual(await Promise.all(gone.map(read)), ['[erased]', '[erased]', '[erased]'])
      assert.equal(await read(held), 'held')
      assert.ok(accesses().includes('retention expired archive.retention'))
      await assertChainIntact()
    })
  })
})
