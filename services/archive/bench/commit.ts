// node --conditions=@gatehouse/source services/archive/bench/commit.ts [messages] [messages per commit, …]
// CPU per message of what the commit thread and the threads beside it do, without client, bus and sockets: entries and, for 250 of them, one
// record with their outcomes. TMPDIR=/dev/shm leaves out the disk. With --cpu-prof the profile has nothing else in it.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { AppendRequestSchema } from '@gatehouse/proto'
import { loadSigningKey } from '../src/chain/signing-key.ts'
import { CommitEngine } from '../src/commit/commit-engine.ts'
import { WalCopier } from '../src/commit/wal-copier.ts'
import { SampleRecords } from '../src/sample-records.ts'

const OUTCOMES = 250
const PREPARED = 10_240
const messages = Number(process.argv[2] ?? 200_000)
const sizes = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [16, 32, 64, 256]

/** Requests for some thousand messages, made before the clock runs. */
function prepare(samples: SampleRecords, perCommit: number): Uint8Array[] {
  const requests: Uint8Array[] = []
  const ids: Uint8Array[] = []
  for (let done = 0; done < PREPARED; done += perCommit) {
    const records: Uint8Array[] = []
    for (let at = 0; at < perCommit; at++) {
      const { id, record } = samples.entry({
        fromAddress: `sip:user${Math.floor(Math.random() * 5000)}@fabrikam.example`,
        toAddress: `sip:user${Math.floor(Math.random() * 7000)}@contoso.example`,
      })
      records.push(record)
      ids.push(id)
      if (ids.length === OUTCOMES) records.push(samples.outcomes(ids.splice(0)))
    }
    requests.push(toBinary(AppendRequestSchema, create(AppendRequestSchema, { records })))
  }
  return requests
}

async function run(perCommit: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-commit-bench-'))
  const file = join(folder, 'archive.db')
  const engine = new CommitEngine({
    file,
    busyTimeoutMs: 1000,
    maxBytes: undefined,
    hasIndexThread: true,
    newLogId: () => randomBytes(16),
    key: loadSigningKey(join(folder, 'key')),
    checkpoints: { everyRecords: 10_000, everyMs: 60_000, file: undefined },
    nowUs: () => Date.now() * 1000,
  })
  if (!engine.recover()) throw new Error(engine.state().detail)
  new WalCopier(file).ensure()
  const samples = new SampleRecords()
  const spent = { user: 0, system: 0 }
  let wallMs = 0
  let worstMs = 0
  for (let done = 0; done < messages; done += PREPARED) {
    const requests = prepare(samples, perCommit)
    await nextTurn()
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    for (const request of requests) {
      const atMs = performance.now()
      engine.commit([request])
      engine.index()
      worstMs = Math.max(worstMs, performance.now() - atMs)
    }
    wallMs += performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    spent.user += user
    spent.system += system
  }
  const cpu = process.cpuUsage()
  engine.index()
  spent.user += process.cpuUsage(cpu).user
  engine.stop()
  const count = Math.ceil(messages / PREPARED) * PREPARED
  const line = {
    bench: 'archive-commit',
    perCommit,
    messages: count,
    perS: Math.round((count / wallMs) * 1000),
    cpuUsPerMessage: Number(((spent.user + spent.system) / count).toFixed(1)),
    systemUsPerMessage: Number((spent.system / count).toFixed(1)),
    worstCommitMs: Number(worstMs.toFixed(1)),
    bytesPerMessage: Math.round(statSync(file).size / count),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  rmSync(folder, { recursive: true })
}

for (const size of sizes) await run(size)
process.exit(0)
