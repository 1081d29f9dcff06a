import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Pauses } from './loop-watch.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

/** What `gate-process.ts` is told. */
export interface GateOrder {
  /** As in a `federation-peer` configuration file. */
  readonly config: object
  /** Policy document, YAML. */
  readonly policy: string
  readonly logLevel?: 'debug' | 'info' | 'warn'
  /** A collector that takes OTLP over HTTP, and the part of the messages that is traced. */
  readonly traces?: { readonly endpoint: string; readonly ratio: number }
  /** An archive in the same process, its SQLite files in `folder`; without it the policy's duty has to be `off`. */
  readonly archive?: { readonly folder: string }
  /** Messages may wait, in this SQLite file or in JetStream; tries come quickly. */
  readonly outbox?: { readonly file: string }
  /** In the place of what the policy says, which counts in whole minutes. */
  readonly queueMaxAgeMs?: number
  /** Monitoring address of the NATS server. */
  readonly natsMonitor?: string
  /** Configuration of a public-im-bridge in the same process. */
  readonly bridge?: object
  /** A network behind `deliver.xmpp` in the same process, which answers whatever it is told. */
  readonly hasNetworkDouble?: boolean
  /** host:port of a NATS server; without it the bus is inside the process. */
  readonly natsServer?: string
  /** Of V8, in the place of those that the gateway is started with. */
  readonly nodeFlags?: readonly string[]
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly code?: string
  readonly [fact: string]: unknown
}

const PAUSES_LINE = 'gate pauses '
const LOG_TIMEOUT_MS = 10_000
const LOG_PAUSE_MS = 20
// Those of apps/gatehouse/bin/gatehouse.mjs.
const NODE_FLAGS = ['--max-semi-space-size=64', '--no-parallel-scavenge']
const SOURCE_FLAGS = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning']

/** A federation-peer that runs. */
export class RunningGate {
  readonly process: ManagedProcess
  readonly #orderFile: string

  constructor(process: ManagedProcess, orderFile: string) {
    this.process = process
    this.#orderFile = orderFile
  }

  /** Puts another policy in force; what else the change says is taken as well, where it can change at all. */
  async changeOrder(change: Partial<Pick<GateOrder, 'policy' | 'queueMaxAgeMs'>>): Promise<void> {
    const order = JSON.parse(readFileSync(this.#orderFile, 'utf8')) as GateOrder
    writeFileSync(this.#orderFile, JSON.stringify({ ...order, ...change }))
    const before = this.log().length
    this.process.signal('SIGHUP')
    await this.waitForCode('TEST-POLICY-READ', before)
  }

  /** What waits is tried at once. */
  retryOutbox(): void {
    this.process.signal('SIGHUP')
  }

  /** The policy document in force. */
  policy(): string {
    return (JSON.parse(readFileSync(this.#orderFile, 'utf8')) as GateOrder).policy
  }

  /** Log lines so far. */
  log(): LogLine[] {
    return this.process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** Waits until a line after the first `after` ones names the code; the log is written by another process, so it may lag behind the answer. */
  async waitForCode(code: string, after: number): Promise<LogLine> {
    const deadline = performance.now() + LOG_TIMEOUT_MS
    for (;;) {
      const lines = this.log().slice(after)
      const found = lines.find((line) => JSON.stringify(line).includes(`"${code}"`))
      if (found !== undefined) return found
      if (performance.now() > deadline)
        throw new Error(`the log does not name ${code}; it says: ${lines.map((line) => JSON.stringify(line)).join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, LOG_PAUSE_MS))
    }
  }

  /** What kept its event loop from its work since it was last asked; undefined when it does not say. */
  async takePauses(): Promise<Pauses | undefined> {
    const seen = this.process.output().split(PAUSES_LINE).length
    this.process.signal('SIGUSR2')
    const deadline = performance.now() + LOG_TIMEOUT_MS
    for (;;) {
      const parts = this.process.output().split(PAUSES_LINE)
      const line = parts.length > seen ? parts.at(-1) : undefined
      if (line?.includes('\n') === true) return JSON.parse(line.slice(0, line.indexOf('\n'))) as Pauses
      if (performance.now() > deadline) return undefined
      await new Promise((resolve) => setTimeout(resolve, LOG_PAUSE_MS))
    }
  }

  /** Kills it without a word, and starts it anew on what it left. */
  async killAndStartAgain(): Promise<RunningGate> {
    this.process.killNow()
    await this.process.stop()
    return await launch(`${this.process.name}-again`, this.#orderFile)
  }

  stop(): Promise<void> {
    return this.process.stop()
  }
}

export async function startGate(folder: string, name: string, order: GateOrder): Promise<RunningGate> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(order))
  return await launch(name, file)
}

async function launch(name: string, file: string): Promise<RunningGate> {
  const { nodeFlags } = JSON.parse(readFileSync(file, 'utf8')) as GateOrder
  const started = await startProcess({
    name,
    command: process.execPath,
    args: [...SOURCE_FLAGS, ...(nodeFlags ?? NODE_FLAGS), join(import.meta.dirname, 'gate-process.ts'), file],
    logFile: join(dirname(file), `${name}.log`),
    ready: { line: /gate ready / },
    // a machine that builds something meanwhile takes long to read the sources
    readyTimeoutMs: 30_000,
  })
  return new RunningGate(started, file)
}
