// node --conditions=@gatehouse/source services/archive/bench/commit-postgres.ts <url> [messages] [messages per commit, …]
// CPU per message of commits to PostgreSQL, ours and the server's (of all its processes, when it runs on this machine), without bus and
// sockets. Empties the archive's schemas first.

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Client } from 'pg'
import { SampleRecords } from '../src/sample-records.ts'
import { openPostgresWriter } from '../src/store/postgres/postgres-writer.ts'

const OUTCOMES = 250
const PREPARED = 10_240
const TICK_US = 10_000
const url = process.argv[2] ?? ''
const messages = Number(process.argv[3] ?? 100_000)
const sizes = process.argv.length > 4 ? process.argv.slice(4).map(Number) : [32, 128, 512]

/** CPU that the processes of the server have used, in microseconds; 0 where they are not here. */
function serverCpuUs(postmaster: number): number {
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ')[1]!.split(' ')
      if (Number(name) === postmaster || Number(fields[1]) === postmaster) ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // It has just ended.
    }
  }
  return ticks * TICK_US
}

async function postmasterOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const stat = readFileSync(`/proc/${rows[0]!.pid}/stat`, 'latin1')
  return Number(stat.split(') ')[1]!.split(' ')[1])
}

function prepare(samples: SampleRecords, perCommit: number): Uint8Array[][] {
  const batches: Uint8Array[][] = []
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
    batches.push(records)
  }
  return batches
}

async function run(perCommit: number): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const postmaster = await postmasterOf(client)
  await client.query('DROP SCHEMA IF EXISTS gatehouse_archive, gatehouse_archive_keys CASCADE')
  const newLogId = (): Uint8Array => randomBytes(16)
  const writer = await openPostgresWriter({ url, lockTimeoutMs: 5000, newLogId, encryptionKeyFile: undefined }, (thrown) => {
    throw thrown
  })
  const samples = new SampleRecords()
  let [ownUs, serverUs, wallMs, done] = [0, 0, 0, 0]
  for (; done < messages; done += PREPARED) {
    const batches = prepare(samples, perCommit)
    const [cpu, server, startedMs] = [process.cpuUsage(), serverCpuUs(postmaster), performance.now()]
    for (const batch of batches) {
      await writer.append(batch, Date.now() * 1000)
      writer.index()
    }
    wallMs += performance.now() - startedMs
    serverUs += serverCpuUs(postmaster) - server
    const { user, system } = process.cpuUsage(cpu)
    ownUs += user + system
  }
  await writer.close()
  const { rows } = await client.query<{ size: string }>(
    "SELECT sum(pg_total_relation_size(oid)) AS size FROM pg_class WHERE relnamespace = 'gatehouse_archive'::regnamespace AND relkind = 'r'",
  )
  await client.end()
  const each = (us: number): number => Number((us / done).toFixed(1))
  const line = {
    bench: 'archive-commit-postgres',
    perCommit,
    messages: done,
    perS: Math.round((done / wallMs) * 1000),
    cpuUsPerMessage: each(ownUs),
    serverCpuUsPerMessage: each(serverUs),
    bytesPerMessage: Math.round(Number(rows[0]!.size) / done),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

for (const size of sizes) await run(size)
process.exit(0)
