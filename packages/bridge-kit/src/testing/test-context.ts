import { randomBytes } from 'node:crypto'
import { sentOutcome } from '@gatehouse/delivery'
import type { Logger } from '@gatehouse/telemetry'
import type { ConnectorClock, ConnectorContext, ConnectorDomains, ConnectorLimits, Siblings } from '../context.ts'
import type { Incoming } from '../incoming.ts'
import type { ReceiveOutcome } from '../receive-outcome.ts'
import type { StateReport } from '../state.ts'
import type { Wires } from '../wires.ts'

/** What a connector's test replaces; everything else is made up here. */
export interface TestContextParts {
  readonly name?: string
  readonly wires?: Wires
  readonly dns?: ConnectorContext['dns']
  readonly domains?: ConnectorDomains
  readonly limits?: Partial<ConnectorLimits>
  readonly clock?: ConnectorClock
  readonly siblings?: Siblings
}

/** A context that writes down what the connector does, and answers what the test says. */
export interface TestContext extends ConnectorContext {
  /** Every event taken in so far, in order. */
  readonly received: readonly Incoming[]
  readonly reports: readonly StateReport[]
  /** Every log line as one text, facts included. */
  readonly logLines: readonly string[]
  /** Timers that would still run. */
  pendingTimers(): number
  /** How `receive` answers from now on; the standard answer is "sent". */
  answerWith(answer: (event: Incoming) => ReceiveOutcome | Promise<ReceiveOutcome>): void
  /** Resolves with the first event, past or future, that fits. */
  whenReceived(fits: (event: Incoming) => boolean): Promise<Incoming>
  whenReported(fits: (report: StateReport) => boolean): Promise<StateReport>
}

const ACCEPTED: ReceiveOutcome = { ...sentOutcome(), notice: '' }

export function createTestContext(parts: TestContextParts = {}): TestContext {
  const received = new Seen<Incoming>()
  const reports = new Seen<StateReport>()
  const logLines: string[] = []
  const timers = countingClock()
  let answer: (event: Incoming) => ReceiveOutcome | Promise<ReceiveOutcome> = () => ACCEPTED
  return {
    name: parts.name ?? 'tested',
    replica: 'r0',
    log: recordingLogger(logLines),
    clock: parts.clock ?? timers.clock,
    random: () => 0.5,
    randomBytes: (size) => randomBytes(size),
    dns: parts.dns ?? { srv: () => Promise.resolve({ status: 'failed', detail: 'no DNS in this test' }) },
    wires: parts.wires ?? noWires,
    ...memoryStores(),
    limits: { maxOpenReceives: 1_000, maxOpenSends: 100, maxConnections: 100, maxTextBytes: 65_536, ...parts.limits },
    domains: parts.domains ?? servesOnly(['contoso.example']),
    intake: { isFull: false, onceReady: (run) => void setImmediate(run) },
    siblings: parts.siblings ?? { tell: () => undefined, onTold: () => undefined },
    receive: async (event) => {
      received.add(event)
      return await answer(event)
    },
    report: (state) => reports.add(state),
    received: received.all,
    reports: reports.all,
    logLines,
    pendingTimers: () => timers.pending(),
    answerWith: (next) => {
      answer = next
    },
    whenReceived: (fits) => received.when(fits),
    whenReported: (fits) => reports.when(fits),
  }
}

/** Domains of ours for a test; every other domain can be reached. */
export function servesOnly(domains: readonly string[]): ConnectorDomains {
  return {
    isServed: (domain) => domains.includes(domain),
    served: () => domains.map((domain) => ({ domain, homeSystem: 'sip' })),
    isReachable: (domain) => !domains.includes(domain),
  }
}

/** What happened so far, and who waits for what may still happen. */
class Seen<T> {
  readonly all: T[] = []
  #waiting: { readonly fits: (item: T) => boolean; readonly resolve: (item: T) => void }[] = []

  add(item: T): void {
    this.all.push(item)
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
      if (!fits(item)) return true
      resolve(item)
      return false
    })
  }

  when(fits: (item: T) => boolean): Promise<T> {
    const found = this.all.find(fits)
    return found === undefined ? new Promise((resolve) => this.#waiting.push({ fits, resolve })) : Promise.resolve(found)
  }
}

function recordingLogger(lines: string[]): Logger {
  const write = (facts: object, text: string): void => void lines.push(`${text} ${JSON.stringify(facts)}`)
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger, isEnabled: () => true }
  return logger
}

function countingClock(): { clock: ConnectorClock; pending: () => number } {
  const open = new Set<NodeJS.Timeout>()
  const keep = (timer: NodeJS.Timeout): (() => void) => {
    open.add(timer)
    return () => {
      clearTimeout(timer)
      open.delete(timer)
    }
  }
  const clock: ConnectorClock = {
    nowMs: () => Date.now(),
    after: (delayMs, run) => {
      const cancel = keep(
        setTimeout(() => {
          cancel()
          run()
        }, delayMs),
      )
      return cancel
    },
    every: (intervalMs, run) => keep(setInterval(run, intervalMs)),
  }
  return { clock, pending: () => open.size }
}

function memoryStores(): Pick<ConnectorContext, 'store' | 'secrets'> {
  const values = new Map<string, Uint8Array>()
  const secrets = new Map<string, string>()
  return {
    store: {
      get: (key) => Promise.resolve(values.get(key)),
      put: async (key, value) => void values.set(key, value),
      delete: async (key) => void values.delete(key),
      keys: (prefix) => Promise.resolve([...values.keys()].filter((key) => key.startsWith(prefix))),
    },
    secrets: {
      get: (name) => Promise.resolve(secrets.get(name)),
      put: async (name, secret) => void secrets.set(name, secret),
      delete: async (name) => void secrets.delete(name),
    },
  }
}

const noWires: Wires = {
  connect: () => Promise.reject(new Error('no wires in this test')),
  secure: () => Promise.reject(new Error('no wires in this test')),
  listen: () => Promise.reject(new Error('no wires in this test')),
}
