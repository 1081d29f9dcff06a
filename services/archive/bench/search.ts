// node --conditions=@gatehouse/source services/archive/bench/search.ts [records] [postgres url] [--keep folder]
// How long a search by user and week takes in a log of that many records over 100 days, and what the database does for it.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { SampleRecords } from '../src/sample-records.ts'
import { LogReader } from '../src/store/log-reader.ts'
import type { Awaitable, LogSource } from '../src/store/log-source.ts'
import { LogWriter } from '../src/store/log-writer.ts'
import { openPostgresReader } from '../src/store/postgres/open-reader.ts'
import { openPostgresWriter } from '../src/store/postgres/postgres-writer.ts'

const DAY_US = 86_400_000_000
const DAYS = 100
const BATCH = 1000
const USERS = 20_000
const records = Number(process.argv[2] ?? 100_000)
const url = process.argv[3]
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-search-bench-'))
const file = join(folder, 'archive.db')
const startUs = Date.UTC(2026, 0, 1) * 1000
const newLogId = (): Uint8Array => randomBytes(16)

async function fill(append: (batch: Uint8Array[], nowUs: number) => Awaitable<unknown>, index: () => void): Promise<void> {
  const samples = new SampleRecords()
  const cpu = process.cpuUsage()
  for (let done = 0; done < records; done += BATCH) {
    const nowUs = startUs + Math.floor((done / records) * DAYS * DAY_US)
    const batch = Array.from({ length: BATCH }, () => {
      // A few write much, most little.
      const user = Math.floor(USERS * Math.random() ** 3)
      const partner = Math.floor(300 * Math.random() ** 2)
      const facts = {
        fromAddress: `sip:user${user}@contoso.example`,
        toAddress: `sip:someone${user % 50}@partner${partner}.example`,
        direction: 'outbound',
        receivedAtUs: nowUs,
      }
      return samples.entry(facts).record
    })
    await append(batch, nowUs + 1000)
    index()
  }
  const { user, system } = process.cpuUsage(cpu)
  say({ bench: 'fill', records, cpuUsPerRecord: Number(((user + system) / records).toFixed(1)) })
}

async function measure(log: LogSource, bench: string): Promise<void> {
  const times: number[] = []
  let found = 0
  for (let at = 0; at < 200; at++) {
    const sinceUs = startUs + Math.floor(Math.random() * (DAYS - 7)) * DAY_US
    const fromAddress = `user${Math.floor(USERS * Math.random() ** 3)}@contoso.example`
    const startedMs = performance.now()
    const sequences = await log.search({ fromAddress, sinceUs, untilUs: sinceUs + 7 * DAY_US }, 200)
    await log.storedAll(sequences)
    times.push(performance.now() - startedMs)
    found += sequences.length
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => Number(times[Math.floor(times.length * share)]!.toFixed(2))
  say({ bench, records, searches: times.length, foundEach: found / times.length, p50Ms: at(0.5), p99Ms: at(0.99) })
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** The statement of one search, with the values in it. */
async function statementOf(log: LogSource): Promise<string> {
  let text = ''
  const watched = Object.create(log, {
    numbers: {
      value: (query: { sql: string; parameters: readonly unknown[] }) => {
        if (query.sql.includes('from_mark')) {
          text = query.sql.replace(/\$\d+|\?/g, '?')
          for (const value of query.parameters) text = text.replace('?', String(value))
        }
        return log.numbers(query as never)
      },
    },
    lastSequence: { value: () => log.lastSequence() },
    firstAt: { value: (us: number) => log.firstAt(us) },
    dayOf: { value: (sequence: number) => log.dayOf(sequence) },
  }) as LogSource
  const { searchLog } = await import('../src/store/search-log.ts')
  await searchLog(watched, { fromAddress: 'user1@contoso.example', sinceUs: startUs + 20 * DAY_US, untilUs: startUs + 27 * DAY_US }, 200)
  return text
}

if (url === undefined) {
  const writer = new LogWriter({ file, busyTimeoutMs: 1000, maxBytes: undefined, newLogId })
  await fill(
    (batch, nowUs) => writer.append(batch, nowUs),
    () => writer.index(),
  )
  writer.close()
  const log = new LogReader(file)
  say({ bench: 'size', bytesPerRecord: Math.round(statSync(file).size / records) })
  await measure(log, 'search-user-week-sqlite')
  const database = new DatabaseSync(file)
  say({
    plan: database
      .prepare(`EXPLAIN QUERY PLAN ${await statementOf(log)}`)
      .all()
      .map((row) => row['detail']),
  })
  log.close()
} else {
  const writer = await openPostgresWriter({ url, lockTimeoutMs: 5000, newLogId, encryptionKeyFile: undefined }, () => {})
  await fill(
    (batch, nowUs) => writer.append(batch, nowUs),
    () => {},
  )
  await writer.close()
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('ANALYZE')
  const log = openPostgresReader(url)
  await measure(log, 'search-user-week-postgres')
  const { rows } = await client.query<Record<string, string>>(`EXPLAIN (ANALYZE, BUFFERS) ${await statementOf(log)}`)
  say({ plan: rows.map((row) => row['QUERY PLAN']) })
  await client.end()
  await log.close()
}
rmSync(folder, { recursive: true })
