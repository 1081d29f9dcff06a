// `npm run chaos -- --minutes N [--seed S]`: breaks a gateway on purpose while messages pass, and says which promises held.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { PeerRack } from '../peers-kit/peer-rack.ts'
import { formatReport, isKept } from './chaos-report.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { runChaos } from './run-chaos.ts'

const USAGE = `npm run chaos -- [--minutes N] [--seed S] [--rig services|up] [--rate messages/s] [--faults ${FAULT_KINDS.join(',')}] [--outbox] [--json] [-o FILE]\n`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    rig: { type: 'string', default: 'services' },
    rate: { type: 'string', default: '120' },
    faults: { type: 'string' },
    outbox: { type: 'boolean', default: false },
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
  const isWrong = kinds.length === 0 || !(minutes > 0) || !(rate > 0) || !Number.isInteger(seed) || !['services', 'up'].includes(values.rig)
  if (values.help || isWrong) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const rig = values.rig === 'up' ? 'up' : 'services'
  const missing = rig === 'services' ? skipWithout('nats-server') : false
  if (missing !== false) {
    process.stderr.write(`chaos: ${missing}; \`--rig up\` needs none of it\n`)
    return 3
  }
  const rack = new PeerRack('chaos')
  let hasHeld = false
  try {
    const report = await runChaos(rack, {
      rig,
      seed,
      durationMs: minutes * 60_000,
      messagesPerSecond: rate,
      kinds,
      tracesFsync: true,
      hasOutbox: values.outbox,
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
