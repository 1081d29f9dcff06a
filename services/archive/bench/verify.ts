// node --conditions=@gatehouse/source services/archive/bench/verify.ts [records] [threads] [url of an empty PostgreSQL database]
// How fast a log is checked, chain, trees and index: in the store by one thread and by several, in an export, and the same log in PostgreSQL.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { signCheckpoint } from '../src/chain/checkpoint.ts'
import { loadSigningKey } from '../src/chain/signing-key.ts'
import { SampleRecords } from '../src/sample-records.ts'
import { LogReader } from '../src/store/log-reader.ts'
import { LogWriter } from '../src/store/log-writer.ts'
import { openPostgresReader } from '../src/store/postgres/open-reader.ts'
import { openPostgresWriter } from '../src/store/postgres/postgres-writer.ts'
import { restoreLog } from '../src/store/postgres/restore-log.ts'
import { recordLine } from '../src/verify/export-lines.ts'
import { verifyExport } from '../src/verify/verify-export.ts'
import { verifyChain } from '../src/verify/verify-store.ts'
import { VerifyThreads } from '../src/verify/verify-threads.ts'

const records = Number(process.argv[2] ?? 200_000)
const threads = Number(process.argv[3] ?? availableParallelism())
const url = process.argv[4]
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-verify-bench-'))
const file = join(folder, 'archive.db')
const { publicKey, privateKey, keyId } = loadSigningKey(join(folder, 'key'))
const writer = new LogWriter({ file, busyTimeoutMs: 1000, maxBytes: undefined, newLogId: () => randomBytes(16) })
const samples = new SampleRecords()
for (let done = 0; done < records; done += 1000) {
  writer.append(
    Array.from({ length: 1000 }, () => samples.entry().record),
    Date.now() * 1000,
  )
  const { sequence, hash } = writer.head
  if (sequence % 10_000 === 0) writer.addCheckpoint(signCheckpoint(sequence, hash, Date.now() * 1000, privateKey, keyId, writer.tree()))
}
writer.index()
writer.close()
const reader = new LogReader(file)

async function measure(bench: string, count: number, run: () => Promise<{ readonly isIntact: boolean }>): Promise<void> {
  const startedMs = performance.now()
  const cpu = process.cpuUsage()
  const { isIntact } = await run()
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const facts = { recordsPerS: Math.round(count / seconds), cpuUsPerRecord: Number(((user + system) / count).toFixed(2)) }
  process.stdout.write(`${JSON.stringify({ bench, records: count, isIntact, ...facts })}\n`)
}

async function measurePostgres(url: string): Promise<void> {
  await restoreLog(file, url)
  // Who opens the log writes its index.
  const writer = await openPostgresWriter(
    { url, lockTimeoutMs: 1000, newLogId: () => randomBytes(16), encryptionKeyFile: undefined },
    () => {},
  )
  await writer.close()
  const log = openPostgresReader(url)
  const runner = new VerifyThreads({ url }, threads)
  await measure('archive-verify-postgres', records, () => verifyChain(log, { publicKeys }))
  await measure(`archive-verify-postgres-${threads}-threads`, records, () => verifyChain(log, { publicKeys, runner }))
  await runner.close()
  await log.close()
}

const publicKeys = [publicKey]
await measure('archive-verify-store', records, () => verifyChain(reader, { publicKeys }))
const runner = new VerifyThreads({ file }, threads)
await measure(`archive-verify-store-${threads}-threads`, records, () => verifyChain(reader, { publicKeys, runner }))
await runner.close()

const lines = Array.from({ length: Math.min(records, 100_000) }, (_, at) =>
  recordLine({ ...reader.page(at, at + 1, 1)[0]!, previousHash: reader.hashBefore(at + 1), outcomeStatus: 0 }),
)
async function* read(): AsyncIterable<string> {
  yield* lines
}
const otherCheckpoints = reader.checkpoints(0, lines.length)
await measure('archive-verify-export', lines.length, () => verifyExport(read, { publicKeys, otherCheckpoints }))
reader.close()
if (url !== undefined) await measurePostgres(url)
rmSync(folder, { recursive: true })
