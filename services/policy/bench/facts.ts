// One million users: how long an import takes, how long the event loop stands still meanwhile (wall, and CPU of this thread), how long a
// lookup takes, how much memory. `node … bench/facts.ts [users] [file with a PostgreSQL URL]`
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedBus } from '@gatehouse/bus'
import { compileSnapshot } from '@gatehouse/policy-engine'
import { FactsBook } from '../src/facts/facts-book.ts'
import { FactsStore } from '../src/facts/facts-store.ts'
import { PostgresFactsDatabase } from '../src/facts/postgres-facts-database.ts'
import { SqliteFactsDatabase } from '../src/facts/sqlite-facts-database.ts'
import type { StoredUser } from '../src/facts/stored-user.ts'

const USERS = Number(process.argv[2] ?? 1_000_000)
const BATCH = 500
const LOOKUPS = 50_000

function user(at: number): StoredUser {
  return {
    address: `user${at}@contoso.example`,
    externalId: '',
    rights: { federation: at % 10 !== 0 },
    groups: [`department ${at % 500}`, `site ${at % 40}`],
    contacts: at % 20 === 0 ? [`friend${at}@fabrikam.example`] : [],
    safeList: [],
  }
}

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-facts-bench-'))
const file = join(folder, 'policy.db')
const urlFile = process.argv[3]
const database =
  urlFile === undefined
    ? new SqliteFactsDatabase(file)
    : new PostgresFactsDatabase({ urlFile, log: (text) => void process.stderr.write(`${text}\n`) })
const store = new FactsStore(database)
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: [] })
const book = new FactsBook({ store, bus: createEmbeddedBus(), nowMs: Date.now, snapshot: () => snapshot })
const LOOK_MS = 2
const longest = { pauseMs: 0, pauseCpuMs: 0, batchMs: 0 }
const last = { ms: performance.now(), cpuUs: 0 }

function look(): void {
  const { user, system } = process.threadCpuUsage()
  const ms = performance.now()
  longest.pauseMs = Math.max(longest.pauseMs, ms - last.ms - LOOK_MS)
  longest.pauseCpuMs = Math.max(longest.pauseCpuMs, (user + system - last.cpuUs) / 1000)
  Object.assign(last, { ms, cpuUs: user + system })
  setTimeout(look, LOOK_MS).unref()
}

async function importAll(id: string): Promise<number> {
  const start = performance.now()
  for (let at = 0, sequence = 0; at < USERS; at += BATCH, sequence++) {
    const users = Array.from({ length: Math.min(BATCH, USERS - at) }, (_, offset) => user(at + offset))
    const before = performance.now()
    await book.import({ importId: id, sequence, users, isLast: at + BATCH >= USERS, replaces: true, maxRemovedPercent: 20 })
    longest.batchMs = Math.max(longest.batchMs, performance.now() - before)
  }
  return performance.now() - start
}

function say(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}

try {
  await store.open()
  look()
  const memory = (): number => Math.round(process.memoryUsage().rss / 1_048_576)
  for (const id of ['first', 'again']) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    Object.assign(longest, { pauseMs: 0, pauseCpuMs: 0, batchMs: 0 })
    const ms = await importAll(id)
    say({
      case: `import ${id}`,
      users: USERS,
      seconds: Math.round(ms / 100) / 10,
      usersPerSecond: Math.round((USERS / ms) * 1000),
      longestBatchMs: Math.round(longest.batchMs),
      longestPauseMs: Math.round(longest.pauseMs * 10) / 10,
      longestPauseCpuMs: Math.round(longest.pauseCpuMs * 10) / 10,
      rssMiB: memory(),
    })
  }
  const start = performance.now()
  let found = 0
  for (let at = 0; at < LOOKUPS; at++) {
    if ((await book.factsOf(`user${(at * 7919) % USERS}@contoso.example`)).status === 'known') found++
  }
  const microseconds = ((performance.now() - start) * 1000) / LOOKUPS
  say({
    case: 'lookup in the store',
    lookups: LOOKUPS,
    found,
    microseconds: Math.round(microseconds * 10) / 10,
    ...(urlFile === undefined ? { fileMiB: Math.round(statSync(file).size / 1_048_576) } : {}),
  })
} finally {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
}
