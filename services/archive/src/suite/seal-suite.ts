import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  AddHoldRequestSchema,
  EraseRequestSchema,
  GetRequestSchema,
  ListHoldsRequestSchema,
  ReleaseHoldRequestSchema,
} from '@gatehouse/proto'
import { SampleRecords } from '../sample-records.ts'
import { newKeyLine } from '../seal/key-ring.ts'
import { findingsOf } from './append-suite.ts'
import { type ArchiveBed, type OpenArchive, officer, openArchive } from './archive-bed.ts'

const DAY_US = 86_400_000_000
const ALICE = 'sip:alice@contoso.example'
const BOB = 'sip:bob@fabrikam.example'

/** Bodies under keys: read while there is a key, gone when it is, kept while a hold is on them. */
export function sealSuite(makeBed: () => Promise<ArchiveBed>): void {
  const samples = new SampleRecords()

  async function say(
    archive: OpenArchive,
    from: string,
    to: string,
    more: Parameters<SampleRecords['entry']>[0] = {},
  ): Promise<Uint8Array> {
    const direction = from.includes('contoso') ? 'outbound' : 'inbound'
    const { id, record } = samples.entry({ fromAddress: from, toAddress: to, direction, body: Buffer.from('the secret'), ...more })
    assert.match((await archive.append(record))[0]!, /^\d+$/)
    return id
  }

  async function read({ service }: OpenArchive, envelopeId: Uint8Array): Promise<string> {
    const { record } = await service.handlers.get(create(GetRequestSchema, { envelopeId }), officer)
    return record?.bodyErased ? '[erased]' : Buffer.from(record?.body ?? []).toString()
  }

  function keyFileIn(bed: ArchiveBed): string {
    const keyFile = join(bed.folder, 'wrapping-keys')
    writeFileSync(keyFile, newKeyLine('k1'))
    return keyFile
  }

  it('erases what a user said and got, except what a hold protects; the chain stays whole', async () => {
    const bed = await makeBed()
    const archive = await openArchive(bed, { encryption: { keyFile: keyFileIn(bed) } })
    const { handlers } = archive.service
    const ids = [await say(archive, ALICE, BOB), await say(archive, BOB, ALICE), await say(archive, BOB, 'sip:carol@contoso.example')]
    assert.deepEqual(await Promise.all(ids.map((id) => read(archive, id))), ['the secret', 'the secret', 'the secret'])
    const hold = { name: 'case-12', user: BOB, reason: 'court order' }
    await handlers.addHold(create(AddHoldRequestSchema, { hold }), officer)
    await assert.rejects(handlers.addHold(create(AddHoldRequestSchema, { hold }), officer), { code: 'GH-ARCHIVE-HOLD' })
    assert.deepEqual(
      (await handlers.listHolds(create(ListHoldsRequestSchema), officer)).holds?.map(({ name }) => name),
      ['case-12'],
    )
    const erase = () => handlers.erase(create(EraseRequestSchema, { user: 'alice@contoso.example', reason: 'request 44' }), officer)
    assert.deepEqual(await erase(), { destroyedKeys: 0n, heldKeys: 1n, holds: ['case-12'] })
    await handlers.releaseHold(create(ReleaseHoldRequestSchema, { name: 'case-12', reason: 'closed' }), officer)
    assert.deepEqual(await erase(), { destroyedKeys: 1n, heldKeys: 0n, holds: [] })
    assert.deepEqual(await Promise.all(ids.map((id) => read(archive, id))), ['[erased]', '[erased]', 'the secret'])
    const later = await say(archive, ALICE, BOB)
    assert.equal(await read(archive, later), 'the secret', 'what comes later has a key of its own')
    assert.deepEqual(await findingsOf(archive), [])
    await archive.stop()
  })

  it('lets bodies expire by class, and wraps keys anew after a rotation', async () => {
    const bed = await makeBed()
    const keyFile = keyFileIn(bed)
    const nowUs = Date.UTC(2026, 8, 1) * 1000
    const config = { encryption: { keyFile }, retention: { days: 30, classes: { publicNetworks: 5 } } }
    let archive = await openArchive(bed, config, () => nowUs)
    const old = await say(archive, ALICE, BOB, { receivedAtUs: nowUs - 40 * DAY_US })
    const young = await say(archive, ALICE, BOB, { receivedAtUs: nowUs - 10 * DAY_US })
    // The sweep of the start may still be under way, and then be the one that destroys it.
    assert.equal((await archive.service.handlers.expire()).held, 0)
    assert.deepEqual([await read(archive, old), await read(archive, young)], ['[erased]', 'the secret'])
    await archive.stop()
    writeFileSync(keyFile, newKeyLine('k2'), { flag: 'a' })
    archive = await openArchive(bed, config, () => nowUs)
    // The sweep of the start may have been first.
    await archive.service.handlers.expire()
    await archive.stop()
    const second = readFileSync(keyFile, 'utf8').trim().split('\n')[1]!
    writeFileSync(keyFile, `${second}\n`)
    archive = await openArchive(bed, config, () => nowUs)
    assert.equal(await read(archive, young), 'the secret', 'the first key is needed no more')
    await archive.stop()
  })
}
