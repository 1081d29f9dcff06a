import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { checkpointLine } from '../chain/checkpoint.ts'
import { loadSigningKey } from '../chain/signing-key.ts'
import { archiveConfig } from '../config.ts'
import { SampleRecords } from '../sample-records.ts'
import { logStoreOf } from '../store/log-store.ts'
import { parseExportLine, recordLine } from '../verify/export-lines.ts'
import { verifyExport } from '../verify/verify-export.ts'
import { findingsOf } from './append-suite.ts'
import { type ArchiveBed, openArchive } from './archive-bed.ts'

const RECORDS = 20
const ANOTHER = '(SELECT record FROM record WHERE sequence = 3)'

/** What plain SQL can do to a log of 20 records with checkpoints at 8, 16 and 20; what has to be found in the store, and offline in an export. */
const CASES: readonly [name: string, sql: readonly string[], inStore: readonly string[], offline: readonly string[]][] = [
  ['nothing', [], [], []],
  ['a record altered', [`UPDATE record SET record = ${ANOTHER} WHERE sequence = 5`], ['5 ALTERED'], ['5 ALTERED']],
  [
    'a hash altered',
    ['UPDATE record SET hash = (SELECT hash FROM record WHERE sequence = 3) WHERE sequence = 5'],
    ['5 ALTERED', '6 ALTERED'],
    ['5 ALTERED', '6 ALTERED'],
  ],
  ['a record deleted', ['DELETE FROM record WHERE sequence = 5'], ['5 GAP'], ['5 GAP']],
  [
    'two records exchanged',
    [
      'UPDATE record SET sequence = 99 WHERE sequence = 5',
      'UPDATE record SET sequence = 5 WHERE sequence = 6',
      'UPDATE record SET sequence = 6 WHERE sequence = 99',
    ],
    ['5 ALTERED', '6 ALTERED', '7 ALTERED'],
    ['5 ALTERED', '6 ALTERED', '7 ALTERED'],
  ],
  [
    'a record dated back',
    ['UPDATE record SET committed_at_us = committed_at_us - 3600000000 WHERE sequence = 5'],
    ['5 ALTERED', '5 BACKDATED'],
    ['5 ALTERED', '5 BACKDATED'],
  ],
  ['the end cut off', ['DELETE FROM record WHERE sequence > 17'], ['18 TRUNCATED'], ['18 TRUNCATED']],
  [
    'the end and its checkpoints cut off',
    ['DELETE FROM record WHERE sequence > 9', 'DELETE FROM checkpoint WHERE sequence > 9'],
    [],
    ['10 TRUNCATED'],
  ],
  ['a checkpoint altered', ['UPDATE checkpoint SET signed_at_us = 1 WHERE sequence = 8'], ['8 CHECKPOINT-FORGED'], ['8 CHECKPOINT-FORGED']],
  [
    'a tree altered',
    ['UPDATE checkpoint SET root = (SELECT root FROM checkpoint WHERE sequence = 16) WHERE sequence = 8'],
    ['8 CHECKPOINT-FORGED'],
    ['8 CHECKPOINT-FORGED'],
  ],
]

/** Verification finds each kind of tampering, in the store and offline. */
export function tamperSuite(makeBed: () => Promise<ArchiveBed>): void {
  for (const [name, statements, inStore, offline] of CASES) {
    it(`verify after plain SQL: ${name}`, async () => {
      const bed = await makeBed()
      const checkpointFile = join(bed.folder, 'checkpoints.jsonl')
      const config = { checkpoint: { everyRecords: 8, file: checkpointFile } }
      const samples = new SampleRecords()
      let nowUs = 1_790_000_000_000_000
      const written = await openArchive(bed, config, () => (nowUs += 1_000_000))
      for (let at = 0; at < RECORDS; at += 4) await written.append(...Array.from({ length: 4 }, () => samples.entry().record))
      await written.stop()
      if (statements.length > 0) await bed.run(statements.join('; '))
      assert.deepEqual(codes(await foundOffline(bed, checkpointFile)), offline)
      const archive = await openArchive(bed, {}, () => nowUs)
      assert.deepEqual(codes(await findingsOf(archive)), inStore)
      await archive.stop()
    })
  }
}

/** In an export, with the public key and the second checkpoint file. Read past the service, which hands out nothing of a broken log. */
async function foundOffline(bed: ArchiveBed, checkpointFile: string): Promise<string[]> {
  const keyFile = `${bed.config.databaseFile}.key`
  const key = loadSigningKey(keyFile)
  const { openLog } = logStoreOf(archiveConfig.parse(bed.config), { key, keyFile, nowUs: () => 0, onState: () => {} })
  const log = await openLog()
  const lines: string[] = []
  let previousHash = await log.genesis()
  for (const record of await log.page(0, Number.MAX_SAFE_INTEGER, 100)) {
    lines.push(recordLine({ ...record, previousHash, outcomeStatus: 0 }))
    previousHash = record.hash
  }
  lines.push(...(await log.checkpoints(0, Number.MAX_SAFE_INTEGER)).map(checkpointLine))
  await log.close()
  async function* read(): AsyncIterable<string> {
    yield* lines
  }
  const second = readFileSync(checkpointFile, 'utf8').trim().split('\n').map(parseExportLine)
  const otherCheckpoints = second.flatMap((line) => (line?.kind === 'checkpoint' ? [line.checkpoint] : []))
  const { findings } = await verifyExport(read, { publicKeys: [key.publicKey], otherCheckpoints })
  return findings.map(({ sequence, code }) => `${sequence} ${code}`)
}

/** In one order. */
function codes(findings: readonly string[]): string[] {
  return findings.map((text) => text.replace('GH-ARCHIVE-', '')).sort()
}
