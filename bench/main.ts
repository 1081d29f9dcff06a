// npm run bench -- [--all --minutes 20] [--case floor,kamailio,…] [--seconds 4] [--rounds 2] [--json]; see README.md
import { parseArgs } from 'node:util'
import { PeerRack } from '@gatehouse/test-integration'
import { USUAL_PEERS } from './cases/relay-rounds.ts'
import { type Effort, effortFor, relaySeconds } from './effort.ts'
import { USUAL_BODY_BYTES } from './load/message-template.ts'
import { availableRelays, type BenchCase, otherCases, type Run, runShape, type Settings } from './plan.ts'
import { relayCases } from './relays/relay-cases.ts'
import { aimsTable } from './report/aims.ts'

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    case: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    peers: { type: 'string', default: String(USUAL_PEERS) },
    body: { type: 'string', default: String(USUAL_BODY_BYTES) },
    window: { type: 'string', default: '16' },
    idle: { type: 'string', default: '10000' },
    users: { type: 'string', default: '1000000' },
    relay: { type: 'string', default: 'gatehouse,gatehouse-archive' },
    minutes: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

/** Not a case of the issue, but the other side of a choice: only when asked for. */
const ON_DEMAND = ['gatehouse-helpers', 'soak']
/** What the other shapes of load are tried with. */
const SHAPED = ['floor', 'gatehouse', 'gatehouse-archive', 'kamailio']
const OTHER_SHAPES = [
  { peers: 4, body: 4096 },
  { peers: 1, body: USUAL_BODY_BYTES },
  { peers: 64, body: USUAL_BODY_BYTES },
  { peers: 1, body: 4096 },
  { peers: 64, body: 4096 },
]
/** A soak of less says nothing. */
const LEAST_SOAK_MINUTES = 2

const known = [...relayCases.map(({ name }) => name), ...otherCases.map(({ name }) => name)]
const wanted = values.case?.split(',') ?? known.filter((name) => !ON_DEMAND.includes(name))
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`bench: no case ${unknown.join(', ')}; there are: ${known.join(', ')}\n`)
  process.exit(2)
}
const relays = availableRelays(wanted)
const cases = otherCases.filter(({ name }) => wanted.includes(name))
const shaped = relays.filter(({ name }) => SHAPED.includes(name))
const minutes = Number(values.minutes ?? (values.all ? '20' : '30'))

const effort: Effort = values.all
  ? effortFor(minutes, allSeconds)
  : { seconds: Number(values.seconds ?? '4'), rounds: Number(values.rounds ?? '2') }
const settings: Settings = {
  effort,
  peers: numbers(values.peers),
  bodies: numbers(values.body),
  window: Number(values.window),
  idle: Number(values.idle),
  users: Number(values.users),
  soakMinutes: minutes,
  loaded: values.relay.split(','),
  hasTable: !values.json,
}
const rack = new PeerRack('bench')
const run: Run = { rack, settings, results: new Map() }
let isFailed = true
try {
  isFailed = !(values.all ? await runAll() : await runWanted())
  if (!values.json) process.stdout.write(aimsTable(run.results))
} finally {
  await rack.stop({ isFailed })
}
process.exitCode = isFailed ? 1 : 0

/** What was named, as it was asked for. */
async function runWanted(): Promise<boolean> {
  let isClean = true
  for (const peers of relays.length > 0 ? settings.peers : []) {
    for (const body of settings.bodies) isClean = (await runShape(run, relays, peers, body, effort.rounds)) && isClean
  }
  for (const each of cases) isClean = (await each.run(run)) && isClean
  return isClean
}

/** Everything, what counts most first; what no time is left for is named. The rest of the time is the soak's. */
async function runAll(): Promise<boolean> {
  const startedMs = performance.now()
  const left = (): number => minutes * 60 - (performance.now() - startedMs) / 1000
  const { seconds, rounds } = effort
  const estimate = Math.ceil(allSeconds(effort) / 60)
  process.stderr.write(`bench: ${rounds} round(s) with ${seconds} s of full load each, about ${estimate} min without the soak\n`)
  let isClean = await runShape(run, relays, USUAL_PEERS, USUAL_BODY_BYTES, rounds)
  const skipped: string[] = []
  const step = async (name: string, needed: number, work: () => Promise<boolean>): Promise<void> => {
    if (left() < needed) skipped.push(name)
    else isClean = (await work()) && isClean
  }
  const first = cases.filter(({ name }) => name !== 'soak' && name !== 'idle' && name !== 'simulate')
  const last = cases.filter(({ name }) => name === 'idle' || name === 'simulate')
  const runCase = (each: BenchCase): Promise<void> => step(each.name, each.seconds(effort), () => each.run(run))
  for (const each of first) await runCase(each)
  for (const { peers, body } of OTHER_SHAPES) {
    await step(`${peers} peers, ${body} octets`, shaped.length * relaySeconds(effort), () => runShape(run, shaped, peers, body, 1))
  }
  for (const each of last) await runCase(each)
  const soak = otherCases.find(({ name }) => name === 'soak')
  const soakMinutes = Math.floor(left() / 60 / settings.loaded.length)
  if (soak !== undefined && soakMinutes >= LEAST_SOAK_MINUTES) {
    isClean = (await soak.run({ ...run, settings: { ...settings, soakMinutes } })) && isClean
  } else skipped.push('soak')
  if (skipped.length > 0) process.stderr.write(`bench: no time was left for: ${skipped.join('; ')}\n`)
  return isClean
}

function allSeconds(tried: Effort): number {
  const relayRuns = relays.length * tried.rounds + OTHER_SHAPES.length * shaped.length
  return relayRuns * relaySeconds(tried) + cases.reduce((sum, each) => sum + each.seconds(tried), 0)
}

function numbers(list: string): number[] {
  return list.split(',').map(Number)
}
