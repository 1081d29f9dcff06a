import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { formatReport, isKept } from './chaos-report.ts'
import type { FaultKind } from './faults.ts'
import { runChaos } from './run-chaos.ts'

// The same seed each time: what is broken, and in which order, repeats; how long everything takes does not.
const SEED = 4
interface Run {
  readonly rig: 'services' | 'up'
  readonly durationMs: number
  readonly kinds: readonly FaultKind[]
  readonly hasOutbox?: boolean
}

const RUNS: readonly Run[] = [
  { rig: 'services', durationMs: 4_000, kinds: ['kill', 'cut'] },
  { rig: 'up', durationMs: 3_000, kinds: ['kill', 'pause', 'disk-full'] },
  { rig: 'up', durationMs: 6_000, kinds: ['away', 'kill'], hasOutbox: true },
]

for (const { rig, durationMs, kinds, hasOutbox = false } of RUNS) {
  test(
    `nothing acknowledged is lost while ${kinds.join(', ')} happen: ${rig}${hasOutbox ? ' with an outbox' : ''}`,
    { skip: rig === 'services' ? skipWithout('nats-server') : false },
    withRack(`chaos-${rig}${hasOutbox ? '-outbox' : ''}`, async (rack) => {
      const report = await runChaos(rack, { rig, seed: SEED, durationMs, messagesPerSecond: 60, kinds, tracesFsync: false, hasOutbox })
      assert.ok(isKept(report), formatReport(report))
      assert.ok(report.rounds.length > 0 && report.counts.acknowledged > 50, formatReport(report))
    }),
  )
}
