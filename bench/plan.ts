import type { PeerRack } from '@gatehouse/test-integration'
import { measureDecide } from './cases/decide-case.ts'
import { measureFairness } from './cases/fairness-case.ts'
import { measureFilter } from './cases/filter-case.ts'
import { measureHandshakes } from './cases/handshake-case.ts'
import { measureIdle } from './cases/idle-case.ts'
import { measureOverload } from './cases/overload-case.ts'
import { measureParse } from './cases/parse-case.ts'
import { measurePolicyChange } from './cases/policy-change-case.ts'
import { measureProsody } from './cases/prosody-case.ts'
import { runRelays, USUAL_PEERS } from './cases/relay-rounds.ts'
import { measureScaleOut } from './cases/scale-out-case.ts'
import { measureSimulate } from './cases/simulate-case.ts'
import { measureSoak } from './cases/soak-case.ts'
import { measureXmppIdle, measureXmppParse } from './cases/xmpp-case.ts'
import { measureXmppRelay } from './cases/xmpp-relay-case.ts'
import { type Effort, relaySeconds } from './effort.ts'
import { USUAL_BODY_BYTES } from './load/message-template.ts'
import type { RelayCase } from './relays/relay-case.ts'
import { relayCases } from './relays/relay-cases.ts'
import { keepResult, type Results } from './report/keep-result.ts'
import { relayTable } from './report/relay-table.ts'

export interface Settings {
  readonly effort: Effort
  readonly peers: readonly number[]
  readonly bodies: readonly number[]
  /** Requests in flight per peer when there are four. */
  readonly window: number
  readonly idle: number
  readonly users: number
  readonly soakMinutes: number
  /** Those that overload, fairness and soak are run with. */
  readonly loaded: readonly string[]
  readonly hasTable: boolean
}

/** What the cases of one run share. */
export interface Run {
  readonly rack: PeerRack
  readonly settings: Settings
  readonly results: Results
}

export interface BenchCase {
  readonly name: string
  /** About how long it takes on a machine that has nothing else to do. */
  seconds(effort: Effort): number
  /** False: something was not as it has to be, and was said. */
  run(run: Run): Promise<boolean>
}

const SHAPE = { peers: USUAL_PEERS, bodyBytes: USUAL_BODY_BYTES }

/** Everything but the relays, which alternate; in the order in which they count when time runs out. */
export const otherCases: readonly BenchCase[] = [
  { name: 'parse', seconds: ({ seconds }) => 4 * seconds + 4, run: async (run) => keepAll(run, measureParse(run.settings.effort.seconds)) },
  { name: 'decide', seconds: () => 40, run: async (run) => keepAll(run, [await measureDecide(run.settings.users)]) },
  {
    name: 'fairness',
    seconds: ({ seconds }) => 2 * (16 + 3 * seconds),
    run: (run) => forLoaded(run, (relay) => measureFairness(run.rack, relay, SHAPE, run.settings.effort.seconds)),
  },
  {
    name: 'overload',
    seconds: ({ seconds }) => 2 * (22 + 4 * seconds),
    run: (run) => forLoaded(run, (relay) => measureOverload(run.rack, relay, SHAPE, run.settings.effort.seconds)),
  },
  {
    name: 'xmpp',
    seconds: ({ seconds }) => 4 * seconds + 35,
    run: async (run) => {
      const { effort, idle } = run.settings
      return keepAll(run, [
        ...(await measureXmppRelay(run.rack, effort.seconds)),
        ...measureXmppParse(effort.seconds),
        measureXmppIdle(idle),
      ])
    },
  },
  {
    name: 'prosody',
    seconds: ({ seconds }) => seconds + 8,
    run: async (run) => keepOrSkip(run, 'prosody', await measureProsody(run.rack, run.settings.effort.seconds)),
  },
  {
    name: 'policy-change',
    seconds: () => 15,
    run: async (run) => keepOrSkip(run, 'policy-change', await measurePolicyChange(run.rack)),
  },
  {
    name: 'handshakes',
    seconds: ({ seconds }) => 12 + 6 * (2 + seconds),
    run: async (run) => keepOrSkip(run, 'handshakes', await measureHandshakes(run.rack, run.settings.effort.seconds)),
  },
  {
    name: 'scale-out',
    seconds: (effort) => 3 * (8 + relaySeconds(effort)),
    run: async (run) => {
      const why = relayCases.find(({ name }) => name === 'gatehouse-nats')?.missing()
      const { effort, window } = run.settings
      const load = { ...SHAPE, seconds: effort.seconds, window }
      return keepOrSkip(run, 'scale-out', why ?? (await measureScaleOut(run.rack, load)))
    },
  },
  {
    name: 'filter',
    seconds: ({ seconds }) => 5 * seconds,
    run: async (run) => keepAll(run, measureFilter(run.settings.effort.seconds)),
  },
  { name: 'idle', seconds: () => 90, run: async (run) => keepOrSkip(run, 'idle', await measureIdle(run.rack, run.settings.idle)) },
  { name: 'simulate', seconds: () => 60, run: async (run) => keepAll(run, [await measureSimulate(run.rack)]) },
  {
    name: 'soak',
    seconds: () => 0,
    run: (run) => forLoaded(run, (relay) => measureSoak(run.rack, relay, SHAPE, run.settings.soakMinutes)),
  },
]

/** Those of the named relays that can be measured here; of the others it is said why not. */
export function availableRelays(names: readonly string[]): readonly RelayCase[] {
  return relayCases.filter(({ name, missing }) => {
    if (!names.includes(name)) return false
    const why = missing()
    if (why !== undefined) process.stderr.write(`bench: skipped ${name}: ${why}\n`)
    return why === undefined
  })
}

/** Relays with one shape of load, in alternation. */
export async function runShape(run: Run, relays: readonly RelayCase[], peers: number, bodyBytes: number, rounds: number): Promise<boolean> {
  if (relays.length === 0) return true
  const { effort, window, hasTable } = run.settings
  const load = { seconds: effort.seconds, peers, bodyBytes, window: windowFor(window, peers) }
  const best = await runRelays(run, relays, load, rounds)
  if (hasTable) process.stdout.write(relayTable(best, relays))
  return best.every(({ errors }) => errors.length === 0)
}

/** As many requests in flight with one peer as with four; each has at least two. */
function windowFor(window: number, peers: number): number {
  return Math.max(2, Math.round((window * USUAL_PEERS) / peers))
}

function keepAll({ results }: Run, measured: readonly { readonly case: string; readonly errors?: readonly string[] }[]): boolean {
  for (const result of measured) {
    keepResult(results, result.case, result)
    for (const error of result.errors ?? []) process.stderr.write(`bench: ${result.case}: ${error}\n`)
  }
  return measured.every(({ errors }) => (errors ?? []).length === 0)
}

/** One result per relay that is held to it. */
async function forLoaded(run: Run, measure: (relay: RelayCase) => Promise<{ case: string; errors: readonly string[] }>): Promise<boolean> {
  let isClean = true
  for (const relay of relayCases) {
    if (!run.settings.loaded.includes(relay.name)) continue
    const result = await measure(relay)
    keepResult(run.results, result.case, result)
    for (const error of result.errors) process.stderr.write(`bench: ${result.case}: ${error}\n`)
    if (result.errors.length > 0) isClean = false
  }
  return isClean
}

/** A string says why there is no result. */
function keepOrSkip({ results }: Run, name: string, result: object | string): boolean {
  if (typeof result === 'string') process.stderr.write(`bench: skipped ${name}: ${result}\n`)
  else keepResult(results, name, result)
  const errors = typeof result === 'object' && 'errors' in result ? (result.errors as readonly string[]) : []
  for (const error of errors) process.stderr.write(`bench: ${name}: ${error}\n`)
  return errors.length === 0
}
