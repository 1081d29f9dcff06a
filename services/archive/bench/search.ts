// node --conditions=@gatehouse/source services/archive/bench/search.ts [records] [postgres url]
// How long searches take in a log of that many records over 100 days, and what the database does for them. 10,000,000 records need some 7 GB
// where TMPDIR points; they are removed at the end.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { indexFileOf } from '../src/index/sqlite-slices.ts'
import { SLICE_RECORDS, TERM, textTerm } from '../src/index/terms.ts'
import { SampleRecords } from '../src/sample-records.ts'
import { LogReader } from '../src/store/log-reader.ts'
import type { Awaitable, LogSource } from '../src/store/log-source.ts'
import { LogWriter } from '../src/store/log-writer.ts'
import { openPostgresReader } from '../src/store/postgres/open-reader.ts'
import { openPostgresWriter } from '../src/store/postgres/postgres-writer.ts'
import type { SearchTerms } from '../src/store/search-log.ts'

const DAY_US = 86_400_000_000
const DAYS = 100
const BATCH = 1000
const USERS = 20_000
const SEARCHES = 200
const records = Number(process.argv[2] ?? 100_000)
const url = process.argv[3]
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-search-bench-'))
const file = join(folder, 'archive.db')
const startUs = Date.UTC(2026, 0, 1) * 1000
const newLogId = (): Uint8Array => randomBytes(16)
// A few write much, most little.
const someUser = (): number => Math.floor(USERS * Math.random() ** 3)
const somePartner = (): number => Math.floor(300 * Math.random() ** 2)

async function fill(append: (batch: Uint8Array[], nowUs: number) => Awaitable<unknown>): Promise<void> {
  const samples = new SampleRecords()
  const process6 = randomBytes(6)
  const cpu = process.cpuUsage()
  let count = 0
  for (let done = 0; done < records; done += BATCH) {
    const nowUs = startUs + Math.floor((done / records) * DAYS * DAY_US)
    const batch = Array.from({ length: BATCH }, () => {
      const user = someUser()
      const id = Buffer.alloc(16)
      id.writeUIntBE(Math.floor(nowUs / 1000), 0, 6)
      id.set(process6, 6)
      id.writeUInt32BE(++count, 12)
      const facts = {
        id,
        fromAddress: `sip:user${user}@contoso.example`,
        toAddress: `sip:someone${user % 50}@partner${somePartner()}.example`,
        direction: 'outbound',
        receivedAtUs: nowUs,
        // Only envelopes are kept: search looks at nothing else.
        body: undefined,
      }
      return samples.entry(facts, { verdict: count % 500 === 0 ? 'deny' : 'allow' }).record
    })
    await append(batch, nowUs + 1000)
    if (done % 1_000_000 === 0) process.stderr.write(`${done} records\n`)
  }
  const { user, system } = process.cpuUsage(cpu)
  say({ bench: 'fill', records, cpuUsPerRecord: Number(((user + system) / records).toFixed(1)) })
}

const someWeek = (): { sinceUs: number; untilUs: number } => {
  const sinceUs = startUs + Math.floor(Math.random() * (DAYS - 7)) * DAY_US
  return { sinceUs, untilUs: sinceUs + 7 * DAY_US }
}

const QUESTIONS: Readonly<Record<string, () => SearchTerms>> = {
  'user-week': () => ({ fromAddress: `user${someUser()}@contoso.example`, ...someWeek() }),
  'user-newest': () => ({ fromAddress: `user${someUser()}@contoso.example` }),
  'domain-day-refused': () => {
    const { sinceUs } = someWeek()
    return { domain: `partner${somePartner()}.example`, verdict: 'deny', sinceUs, untilUs: sinceUs + DAY_US }
  },
  nobody: () => ({ fromAddress: `nobody${Math.random()}@contoso.example` }),
}

async function measure(log: LogSource, database: string): Promise<void> {
  for (const [name, terms] of Object.entries(QUESTIONS)) {
    const times: number[] = []
    let found = 0
    let firstMs = 0
    const cpu = process.cpuUsage()
    for (let at = 0; at < SEARCHES; at++) {
      const wanted = terms()
      const startedMs = performance.now()
      const sequences = await log.search(wanted, 200)
      await log.storedAll(sequences)
      times.push(performance.now() - startedMs)
      if (at === 0) firstMs = times[0]!
      found += sequences.length
    }
    const { user, system } = process.cpuUsage(cpu)
    const cpuMs = Number(((user + system) / 1000 / SEARCHES).toFixed(2))
    times.sort((a, b) => a - b)
    const at = (share: number): number => Number(times[Math.floor(times.length * share)]!.toFixed(2))
    const line = { p50Ms: at(0.5), p99Ms: at(0.99), firstMs: Number(firstMs.toFixed(1)), cpuMs }
    say({ bench: `search-${name}-${database}`, records, searches: SEARCHES, foundEach: found / SEARCHES, ...line })
  }
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// What is asked of each slice of the index: see SqliteSlices and PostgresSlices.
const findSql = (table: string, first: number, term: number): string =>
  `SELECT term, part, bytes FROM ${table} WHERE first = ${first} AND term <= ${term}
   AND term >= coalesce((SELECT max(term) FROM ${table} WHERE first = ${first} AND term < ${term}), 0) ORDER BY term, part`

const middle = Math.floor(records / SLICE_RECORDS / 2) * SLICE_RECORDS + 1
const term = textTerm(TERM.from, 'user1@contoso.example')
try {
  if (url === undefined) {
    const writer = new LogWriter({ file, busyTimeoutMs: 1000, maxBytes: undefined, newLogId })
    await fill((batch, nowUs) => {
      writer.append(batch, nowUs)
      writer.index()
    })
    writer.close()
    const log = new LogReader(file)
    const sizes = {
      bytesPerRecord: Math.round(statSync(file).size / records),
      indexBytesPerRecord: statSync(indexFileOf(file)).size / records,
    }
    say({ bench: 'size', ...sizes, slices: (await log.slices().slices()).length })
    await measure(log, 'sqlite')
    const database = new DatabaseSync(indexFileOf(file), { readOnly: true })
    say({
      plan: database
        .prepare(`EXPLAIN QUERY PLAN ${findSql('posting', middle, term)}`)
        .all()
        .map((row) => row['detail']),
    })
    log.close()
  } else {
    const writer = await openPostgresWriter({ url, lockTimeoutMs: 5000, newLogId, encryptionKeyFile: undefined }, () => {})
    await fill(async (batch, nowUs) => {
      await writer.append(batch, nowUs)
      writer.index()
    })
    const log = openPostgresReader(url)
    const full = Math.floor(records / SLICE_RECORDS)
    while ((await log.slices().slices()).length < full) await new Promise((resolve) => setTimeout(resolve, 200))
    await writer.close()
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query('ANALYZE')
    await measure(log, 'postgres')
    const { rows } = await client.query<Record<string, string>>(
      `EXPLAIN (ANALYZE, BUFFERS) ${findSql('gatehouse_archive.posting', middle, term)}`,
    )
    say({ plan: rows.map((row) => row['QUERY PLAN']) })
    await client.end()
    await log.close()
  }
} finally {
  rmSync(folder, { recursive: true })
}
