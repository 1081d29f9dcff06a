// npm run bench -- [--case floor,kamailio,…] [--seconds 4] [--rounds 2] [--json]; see README.md
import { parseArgs } from 'node:util'
import { PeerRack } from '@gatehouse/test-integration'
import { measureFairness } from './cases/fairness-case.ts'
import { measureFilter } from './cases/filter-case.ts'
import { measureHandshakes } from './cases/handshake-case.ts'
import { measureIdle } from './cases/idle-case.ts'
import type { RelayResult } from './cases/measure-relay.ts'
import { measureOverload } from './cases/overload-case.ts'
import { measureParse } from './cases/parse-case.ts'
import { measurePolicyChange } from './cases/policy-change-case.ts'
import { runRelays, USUAL_PEERS, writeRelayTable } from './cases/relay-rounds.ts'
import { measureScaleOut } from './cases/scale-out-case.ts'
import { measureSimulate } from './cases/simulate-case.ts'
import { measureSoak } from './cases/soak-case.ts'
import { measureXmppIdle, measureXmppParse } from './cases/xmpp-case.ts'
import { USUAL_BODY_BYTES } from './load/message-template.ts'
import type { RelayCase } from './relays/relay-case.ts'
import { relayCases } from './relays/relay-cases.ts'
import { keepResult } from './report/keep-result.ts'

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '2' },
    peers: { type: 'string', default: String(USUAL_PEERS) },
    body: { type: 'string', default: String(USUAL_BODY_BYTES) },
    window: { type: 'string', default: '16' },
    idle: { type: 'string', default: '10000' },
    relay: { type: 'string', default: 'gatehouse,gatehouse-archive' },
    minutes: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
})

interface BenchCase {
  readonly name: string
  /** False: something was not as it has to be, and was said. */
  run(rack: PeerRack): Promise<boolean>
}

const seconds = Number(values.seconds)
const shape = { peers: USUAL_PEERS, bodyBytes: USUAL_BODY_BYTES }
/** Those that overload, fairness and soak are run with. */
const loaded = values.relay.split(',')

/** Everything but the relays, which alternate. */
const otherCases: readonly BenchCase[] = [
  { name: 'parse', run: async () => keepAll(measureParse(seconds)) },
  { name: 'simulate', run: async (rack) => keepAll([await measureSimulate(rack)]) },
  { name: 'filter', run: async () => keepAll(measureFilter(seconds)) },
  { name: 'overload', run: (rack) => forLoaded((relay) => measureOverload(rack, relay, shape, seconds)) },
  { name: 'fairness', run: (rack) => forLoaded((relay) => measureFairness(rack, relay, shape, seconds)) },
  {
    name: 'scale-out',
    run: async (rack) => {
      const why = relayCases.find(({ name }) => name === 'gatehouse-nats')?.missing()
      return keepOrSkip('scale-out', why ?? (await measureScaleOut(rack, { ...shape, seconds, window: Number(values.window) })))
    },
  },
  { name: 'policy-change', run: async (rack) => keepOrSkip('policy-change', await measurePolicyChange(rack)) },
  { name: 'handshakes', run: async (rack) => keepOrSkip('handshakes', await measureHandshakes(rack, seconds)) },
  { name: 'xmpp', run: async () => keepAll([...measureXmppParse(seconds), measureXmppIdle(Number(values.idle))]) },
  { name: 'idle', run: async (rack) => keepOrSkip('idle', await measureIdle(rack, Number(values.idle))) },
  { name: 'soak', run: (rack) => forLoaded((relay) => measureSoak(rack, relay, shape, Number(values.minutes))) },
]

const known = [...relayCases.map(({ name }) => name), ...otherCases.map(({ name }) => name)]
// The soak takes half an hour: only when it is asked for.
const wanted = values.case?.split(',') ?? known.filter((name) => name !== 'soak')
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`bench: no case ${unknown.join(', ')}; there are: ${known.join(', ')}\n`)
  process.exit(2)
}

const rack = new PeerRack('bench')
let isFailed = true
try {
  isFailed = !(await runAll())
} finally {
  await rack.stop({ isFailed })
}
process.exitCode = isFailed ? 1 : 0

async function runAll(): Promise<boolean> {
  let isClean = true
  const relays = relayCases.filter(({ name, missing }) => {
    if (!wanted.includes(name)) return false
    const why = missing()
    if (why !== undefined) process.stderr.write(`bench: skipped ${name}: ${why}\n`)
    return why === undefined
  })
  const results: RelayResult[] = []
  for (const peers of relays.length > 0 ? numbers(values.peers) : []) {
    for (const bodyBytes of numbers(values.body)) {
      const load = { seconds, peers, bodyBytes, window: windowFor(peers) }
      results.push(...(await runRelays(rack, relays, load, Number(values.rounds))))
    }
  }
  if (results.some(({ errors }) => errors.length > 0)) isClean = false
  if (results.length > 0 && !values.json) writeRelayTable(results, relays)
  for (const each of otherCases) if (wanted.includes(each.name) && !(await each.run(rack))) isClean = false
  return isClean
}

/** As many requests in flight with one peer as with four; each has at least two. */
function windowFor(peers: number): number {
  return Math.max(2, Math.round((Number(values.window) * USUAL_PEERS) / peers))
}

function numbers(list: string): number[] {
  return list.split(',').map(Number)
}

function keepAll(results: readonly { readonly case: string }[]): boolean {
  for (const result of results) keepResult(result.case, result)
  return true
}

/** One result per relay that is held to it. */
async function forLoaded(measure: (relay: RelayCase) => Promise<{ case: string; errors: readonly string[] }>): Promise<boolean> {
  let isClean = true
  for (const relay of relayCases) {
    if (!loaded.includes(relay.name)) continue
    const result = await measure(relay)
    keepResult(result.case, result)
    for (const error of result.errors) process.stderr.write(`bench: ${result.case}: ${error}\n`)
    if (result.errors.length > 0) isClean = false
  }
  return isClean
}

/** A string says why there is no result. */
function keepOrSkip(name: string, result: object | string): boolean {
  if (typeof result === 'string') process.stderr.write(`bench: skipped ${name}: ${result}\n`)
  else keepResult(name, result)
  return true
}
