// One million users: how long an import takes, how long a lookup, how much memory. `node … bench/facts.ts [users]`
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedBus } from '@gatehouse/bus'
import { compileSnapshot } from '@gatehouse/policy-engine'
import { FactsBook } from '../src/facts/facts-book.ts'
import { FactsStore, type StoredUser } from '../src/facts/facts-store.ts'

const USERS = Number(process.argv[2] ?? 1_000_000)
const BATCH = 500
const LOOKUPS = 100_000

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
const store = new FactsStore(file)
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: [] })
const book = new FactsBook({ store, bus: createEmbeddedBus(), nowMs: Date.now, snapshot: () => snapshot })
let longestMs = 0

function importAll(id: string): number {
  const start = performance.now()
  for (let at = 0, sequence = 0; at < USERS; at += BATCH, sequence++) {
    const users = Array.from({ length: Math.min(BATCH, USERS - at) }, (_, offset) => user(at + offset))
    const before = performance.now()
    book.import({ importId: id, sequence, users, isLast: at + BATCH >= USERS, replaces: true, maxRemovedPercent: 20 })
    longestMs = Math.max(longestMs, performance.now() - before)
  }
  return performance.now() - start
}

function say(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}

try {
  const memory = (): number => Math.round(process.memoryUsage().rss / 1_048_576)
  for (const id of ['first', 'again']) {
    longestMs = 0
    const ms = importAll(id)
    say({
      case: `import ${id}`,
      users: USERS,
      seconds: Math.round(ms / 100) / 10,
      usersPerSecond: Math.round((USERS / ms) * 1000),
      longestBatchMs: Math.round(longestMs * 10) / 10,
      rssMiB: memory(),
    })
  }
  const start = performance.now()
  let found = 0
  for (let at = 0; at < LOOKUPS; at++) {
    if (book.factsOf(`user${(at * 7919) % USERS}@contoso.example`).status === 'known') found++
  }
  const microseconds = ((performance.now() - start) * 1000) / LOOKUPS
  say({
    case: 'lookup in the store',
    lookups: LOOKUPS,
    found,
    microseconds: Math.round(microseconds * 10) / 10,
    fileMiB: Math.round(statSync(file).size / 1_048_576),
  })
} finally {
  store.close()
  rmSync(folder, { recursive: true, force: true })
}
