// node --conditions=@gatehouse/source services/archive/bench/verify.ts [records]
// How fast the chain of a log is checked, in the store and in an export.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSigningKey } from '../src/chain/signing-key.ts'
import { SampleRecords } from '../src/sample-records.ts'
import { LogReader } from '../src/store/log-reader.ts'
import { LogWriter } from '../src/store/log-writer.ts'
import { recordLine } from '../src/verify/export-lines.ts'
import { verifyExport } from '../src/verify/verify-export.ts'
import { verifyChain } from '../src/verify/verify-store.ts'

const records = Number(process.argv[2] ?? 100_000)
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-verify-bench-'))
const file = join(folder, 'archive.db')
const { publicKey } = loadSigningKey(join(folder, 'key'))
const writer = new LogWriter({ file, busyTimeoutMs: 1000, maxBytes: undefined, newLogId: () => randomBytes(16) })
const samples = new SampleRecords()
for (let done = 0; done < records; done += 1000) {
  writer.append(
    Array.from({ length: 1000 }, () => samples.entry().record),
    Date.now() * 1000,
  )
}
writer.close()
const reader = new LogReader(file)

function report(name: string, startedMs: number, cpu: NodeJS.CpuUsage): void {
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const line = {
    bench: name,
    records,
    recordsPerS: Math.round(records / seconds),
    cpuUsPerRecord: Number(((user + system) / records).toFixed(2)),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

let startedMs = performance.now()
let cpu = process.cpuUsage()
await verifyChain(reader, { publicKeys: [publicKey] })
report('archive-verify-store', startedMs, cpu)

const lines = Array.from({ length: records }, (_, at) => recordLine(reader.stored(at + 1)!))
async function* read(): AsyncIterable<string> {
  yield* lines
}
startedMs = performance.now()
cpu = process.cpuUsage()
await verifyExport(read, { publicKeys: [publicKey] })
report('archive-verify-export', startedMs, cpu)
reader.close()
rmSync(folder, { recursive: true })
