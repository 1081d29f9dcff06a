import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { skipWithoutPostgres } from '../peers-kit/postgres.ts'
import { formatReport, isKept } from './chaos-report.ts'
import type { FaultKind } from './faults.ts'
import type { Rig } from './rig.ts'
import { type DiskKind, defaultDiskKind } from './rig-disk.ts'
import { runChaos } from './run-chaos.ts'

// The same seed each time: what is broken, and in which order, repeats; how long everything takes does not.
const SEED = 4
interface Run {
  readonly rig: Rig['name']
  readonly durationMs: number
  readonly kinds: readonly FaultKind[]
  readonly hasOutbox?: boolean
  readonly database?: Rig['database']
  readonly disk?: DiskKind
  readonly hasBridge?: boolean
}

const RUNS: readonly Run[] = [
  { rig: 'services', durationMs: 4_000, kinds: ['kill', 'cut', 'stall', 'isolate'], hasBridge: true },
  { rig: 'services', durationMs: 6_000, kinds: ['kill-both', 'kill', 'pause', 'isolate', 'disk-full', 'clock'], database: 'postgres' },
  { rig: 'up', durationMs: 3_000, kinds: ['kill', 'pause', 'disk-full'] },
  { rig: 'up', durationMs: 3_000, kinds: ['disk-full'], disk: 'limit' },
  { rig: 'up', durationMs: 6_000, kinds: ['away', 'kill'], hasOutbox: true },
]

for (const run of RUNS) {
  const { rig, database = 'sqlite', disk = defaultDiskKind(), hasOutbox = false, hasBridge = false, durationMs, kinds } = run
  const words = [
    rig,
    database,
    run.disk === undefined ? '' : `disk by ${disk}`,
    hasOutbox ? 'with an outbox' : '',
    hasBridge ? 'with a bridge' : '',
  ]
  const name = words.filter((word) => word !== '').join(', ')
  const skip = (rig === 'services' && skipWithout('nats-server')) || (database === 'postgres' && skipWithoutPostgres())
  test(
    `nothing acknowledged is lost while ${kinds.join(', ')} happen: ${name}`,
    { skip },
    withRack(`chaos-${rig}-${database}`, async (rack) => {
      const common = { seed: SEED, messagesPerSecond: 60, tracesFsync: false, hasSessions: true }
      const report = await runChaos(rack, { ...common, rig, database, disk, durationMs, kinds, hasOutbox, hasBridge })
      assert.ok(isKept(report), formatReport(report))
      assert.ok(report.rounds.length > 0 && report.counts.acknowledged > 50, formatReport(report))
    }),
  )
}
