import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { connectNatsBus } from '@gatehouse/bus'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { skipWithoutPostgres } from '../peers-kit/postgres.ts'
import { readArchivedLog } from './archive-records.ts'
import { type ChaosReport, formatReport } from './chaos-report.ts'
import { startLyingArchive } from './lying-archive.ts'
import { LyingHop } from './lying-hop.ts'
import { runCli } from './rig.ts'
import { type ChaosPlan, runChaos } from './run-chaos.ts'

/** Promises that the report calls broken; nothing was broken on purpose but the word that was given. */
function brokenIn(report: ChaosReport): string[] {
  return report.verdicts.flatMap(({ promise, broken }) => (broken > 0 ? [promise] : []))
}

const PLAN = {
  disk: 'limit',
  seed: 1,
  durationMs: 2_000,
  messagesPerSecond: 120,
  kinds: [],
  tracesFsync: false,
  hasOutbox: false,
  hasSessions: false,
  hasBridge: false,
} as const satisfies Partial<ChaosPlan>

test(
  'the checker sees an edge that swallows a message, delivers one twice, and lets one overtake another',
  withRack('chaos-lying-edge', async (rack) => {
    const standBefore: ChaosPlan['standBefore'] = async (...before) => await rack.add(new LyingHop(...before)).start()
    const report = await runChaos(rack, { ...PLAN, rig: 'up', database: 'sqlite', standBefore })
    assert.deepEqual(
      brokenIn(report),
      [
        'per conversation nothing overtakes an acknowledged message',
        'every acknowledged message was delivered, or its sender told that it was given up',
        'no message sent once and acknowledged was delivered twice',
      ],
      formatReport(report),
    )
    await assertTamperingShows(rack)
  }),
)

/** What was exported, with one line in the wrong place, missing, or there twice: neither checker nor `archive verify` takes it. */
async function assertTamperingShows(rack: PeerRack): Promise<void> {
  const lines = readFileSync(rack.path('export.jsonl'), 'utf8').trimEnd().split('\n')
  const [before, [one = '', other = ''], behind] = [lines.slice(0, 4), lines.slice(4, 6), lines.slice(6)]
  const tampered = { swapped: [other, one], dropped: [one], doubled: [one, one, other], whole: [one, other] }
  for (const [what, middle] of Object.entries(tampered)) {
    const file = rack.path(`${what}.jsonl`)
    writeFileSync(file, `${[...before, ...middle, ...behind].join('\n')}\n`)
    const { breaks } = await readArchivedLog(file)
    const key = rack.path('gatehouse/state/archive.db.key.pub')
    const { status, output } = await runCli(rack, 'archive', 'verify', '-f', file, '--public-key', key)
    assert.deepEqual([breaks.length > 0, status === 0], [what !== 'whole', what === 'whole'], `${what}: ${breaks[0] ?? ''} ${output}`)
  }
}

test(
  'the checker sees an archive that forgets a message, records one twice, and answers before it records',
  { skip: skipWithout('nats-server') || skipWithoutPostgres() },
  withRack('chaos-lying-archive', async (rack) => {
    const onStarted: ChaosPlan['onStarted'] = async ({ archives, wires }) => {
      const wire = wires.find(({ name }) => name === `${archives[0]?.name} to nats-server`)
      const bus = await connectNatsBus({ servers: [`127.0.0.1:${wire?.port}`], name: 'liar' })
      rack.onStop(() => bus.close(0))
      await startLyingArchive(bus)
    }
    const report = await runChaos(rack, { ...PLAN, rig: 'services', database: 'postgres', onStarted })
    assert.deepEqual(
      brokenIn(report),
      [
        'every 2xx has exactly one archive record',
        'nothing delivered is unarchived',
        'per sender the archive order is the sending order',
        'no message is recorded twice, whatever its sender was told',
      ],
      formatReport(report),
    )
  }),
)
