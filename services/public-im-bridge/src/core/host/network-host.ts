import {
  Backoff,
  type BridgeConnector,
  type Capabilities,
  type ConnectorContext,
  type ConnectorFactory,
  type ConnectorInfo,
  type ConnectorLimits,
  type Incoming,
  type ReceiveOutcome,
  type StateReport,
} from '@gatehouse/bridge-kit'
import { failedOutcome } from '@gatehouse/delivery'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { Logger } from '@gatehouse/telemetry'
import { type BridgeCode, bridgeCodes } from '../../errors.ts'
import { refuse } from '../inbound/refusals.ts'
import { Gauge } from './gauge.ts'
import { GuardedClock } from './guarded-clock.ts'
import { type KnownState, StateBoard } from './state-board.ts'

const bridgeError = errorsOf(bridgeCodes)

/** A connector that has not started by then is left to itself and tried again. */
const START_TIMEOUT_MS = 30_000
/** On top of what a connector is given to stop. */
const STOP_SLACK_MS = 1_000
/** The answer to a delivery that never answers comes this long after its deadline, so that a connector's own time-out can speak first. */
const DEADLINE_SLACK_MS = 250

export interface HostDeps {
  readonly name: string
  readonly factory: ConnectorFactory
  /** The factory's part of the configuration, read by its schema. */
  readonly config: unknown
  readonly limits: ConnectorLimits
  readonly log: Logger
  readonly nowMs: () => number
  readonly random: () => number
  /** The rest of what a connector is given. `onFault`: something of it threw where nobody was called. */
  readonly surroundings: (onFault: (thrown: unknown) => void) => Surroundings
  readonly receive: (event: Incoming) => Promise<ReceiveOutcome>
  readonly stateChanged: (state: KnownState) => void
  /** Default 30 s. */
  readonly startTimeoutMs?: number
  /** The connector threw or hung, for the metrics. */
  readonly failed: (what: 'start' | 'send' | 'silent' | 'callback' | 'report' | 'account') => void
}

/** What is made for one start of a connector and ends with it. */
export interface Surroundings
  extends Pick<ConnectorContext, 'replica' | 'randomBytes' | 'dns' | 'wires' | 'store' | 'secrets' | 'domains' | 'siblings'> {
  /** Cuts every wire that is still open. */
  close(): void
}

/**
 * One network: its connector, behind a wall. What the connector throws, whom it keeps waiting and how much it brings at once is its own
 * affair and nobody else's.
 */
export class NetworkHost {
  readonly name: string
  readonly protocol: string
  readonly board: StateBoard
  readonly receives: Gauge
  readonly sends: Gauge
  readonly #deps: HostDeps
  readonly #backoff = new Backoff({ firstMs: 1_000, longestMs: 60_000 })
  #connector: BridgeConnector | undefined
  #info: ConnectorInfo | undefined
  #clock: GuardedClock | undefined
  #surroundings: Surroundings | undefined
  #retry: NodeJS.Timeout | undefined
  #isStopping = false
  #onStarted: () => void = () => {}

  constructor(deps: HostDeps) {
    this.#deps = deps
    this.name = deps.name
    this.protocol = deps.factory.protocol
    this.receives = new Gauge(deps.limits.maxOpenReceives)
    this.sends = new Gauge(deps.limits.maxOpenSends)
    this.board = new StateBoard(deps.nowMs, deps.stateChanged)
  }

  /** As the connector last said of itself; before its first start it has no domains. */
  get domains(): readonly string[] {
    return this.#info?.domains ?? []
  }

  get kind(): ConnectorInfo['kind'] {
    return this.#info?.kind ?? 'servers'
  }

  get capabilities(): Capabilities | undefined {
    return this.#info?.capabilities
  }

  /** Undefined: not started, or not yet again. */
  get connector(): BridgeConnector | undefined {
    return this.#connector
  }

  /** Called after each start, also a later one. */
  onStarted(run: () => void): void {
    this.#onStarted = run
  }

  /** Resolves when the first attempt has ended; what fails is tried again later. Never rejects. */
  async start(): Promise<void> {
    if (this.#isStopping) return
    const { log, factory, config } = this.#deps
    this.board.report({ state: 'connecting', code: '', detail: '' })
    let connector: BridgeConnector | undefined
    try {
      connector = factory.create(config, this.#context())
      this.#info = connector.info
      if ((await within(connector.start(), this.#deps.startTimeoutMs ?? START_TIMEOUT_MS)) === LATE)
        throw bridgeError('GH-BRIDGE-START-FAILED', 'It did not come to an end.')
      // as if it had never been: whoever stopped meanwhile must not find it running
      if (this.#isStopping) return await this.#end(connector, 0)
      this.#connector = connector
      this.#backoff.succeeded()
      if (this.board.network.state === 'connecting') this.board.report({ state: 'connected', code: '', detail: '' })
      log.info({ protocol: this.protocol }, 'network started')
      this.#onStarted()
    } catch (err) {
      this.#deps.failed('start')
      if (connector !== undefined) await this.#end(connector, 0)
      this.#startFailed(err)
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#retry)
    const connector = this.#connector
    this.#connector = undefined
    if (connector !== undefined) await this.#end(connector, graceMs)
    else this.#closeSurroundings()
    this.board.report({ state: 'stopped', code: '', detail: '' })
  }

  /** Calls the connector; whatever it does, there is an outcome by the deadline. */
  async guard(deadlineMs: number, call: () => Promise<DeliveryOutcome>): Promise<DeliveryOutcome> {
    if (!this.sends.take()) return failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY', `${this.name} has ${this.sends.open} deliveries open.`)
    try {
      const leftMs = Math.max(0, deadlineMs - this.#deps.nowMs()) + DEADLINE_SLACK_MS
      const outcome = await within(call(), leftMs)
      if (outcome === LATE) {
        this.#deps.failed('silent')
        return uncertain('GH-BRIDGE-CONNECTOR-SILENT', this.name)
      }
      if (isOutcome(outcome)) return outcome
      this.#fault('send', new Error('it gave no outcome'))
      return uncertain('GH-BRIDGE-CONNECTOR-FAILED', `${this.name} gave no outcome.`)
    } catch (thrown) {
      this.#fault('send', thrown)
      return uncertain('GH-BRIDGE-CONNECTOR-FAILED', messageOf(thrown))
    } finally {
      this.sends.give()
    }
  }

  /** The same for anything else that a connector is asked; undefined when it failed or did not answer. */
  async ask<T>(timeoutMs: number, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await within(call(), timeoutMs)
      if (answer !== LATE) return answer
      this.#deps.failed('silent')
    } catch (thrown) {
      this.#fault('account', thrown)
    }
    return undefined
  }

  #context(): ConnectorContext {
    const { log, nowMs, random, limits, surroundings, name } = this.#deps
    const clock = new GuardedClock(nowMs, (thrown) => this.#fault('callback', thrown))
    const made = surroundings((thrown) => this.#fault('callback', thrown))
    this.#clock = clock
    this.#surroundings = made
    const { replica, randomBytes, dns, wires, store, secrets, domains, siblings } = made
    return {
      name,
      replica,
      log,
      clock,
      random,
      randomBytes,
      dns,
      wires,
      store,
      secrets,
      limits,
      domains,
      intake: this.receives,
      siblings,
      receive: (event) => this.#receive(event),
      report: (state) => this.#report(state),
    }
  }

  async #receive(event: Incoming): Promise<ReceiveOutcome> {
    if (this.#isStopping) return refuse('GH-BRIDGE-STOPPED', event.side)
    if (!this.receives.take()) return refuse('GH-BRIDGE-BUSY', event.side, `${this.name} brings more than can be taken in.`)
    try {
      return await this.#deps.receive(event)
    } finally {
      this.receives.give()
    }
  }

  #report(state: StateReport): void {
    if (this.#isStopping) return
    if (!this.board.report(state)) this.#fault('report', new Error(`it reported a state that there is not: ${String(state.state)}`))
  }

  #startFailed(err: unknown): void {
    const { log, random } = this.#deps
    this.#closeSurroundings()
    if (this.#isStopping) return
    const delayMs = this.#backoff.failed(random())
    log.error({ err, delayMs }, 'network not started; tried again later')
    this.board.report({ state: 'refused', code: 'GH-BRIDGE-START-FAILED', detail: messageOf(err) })
    this.#retry = setTimeout(() => void this.start(), delayMs)
    this.#retry.unref()
  }

  async #end(connector: BridgeConnector, graceMs: number): Promise<void> {
    try {
      await within(connector.stop(graceMs), graceMs + STOP_SLACK_MS)
    } catch (thrown) {
      this.#fault('callback', thrown)
    }
    this.#closeSurroundings()
  }

  #closeSurroundings(): void {
    this.#clock?.stop()
    this.#surroundings?.close()
  }

  #fault(what: 'send' | 'callback' | 'report' | 'account', thrown: unknown): void {
    this.#deps.failed(what)
    this.#deps.log.error({ err: thrown, what }, 'the connector failed')
  }
}

const LATE = Symbol('late')

/** The connector may throw before it gives a promise; that is the same. */
async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    // it may still fail when nobody listens any more
    Promise.resolve(work).catch(() => {})
  }
}

function isOutcome(given: unknown): given is DeliveryOutcome {
  const status = (given as DeliveryOutcome | undefined)?.status
  return status === 'delivered' || status === 'sent' || status === 'queued' || status === 'failed'
}

function uncertain(code: BridgeCode, detail: string): DeliveryOutcome {
  return failedOutcome(bridgeCodes, code, detail, { isCertain: false })
}
