import { GatewayError, messageOf } from '@gatehouse/errors'
import type { Logger } from '@gatehouse/telemetry'
import { directoryError } from './directory-codes.ts'
import type { DirectorySync, PassOrder, PassOutcome } from './directory-sync.ts'

export interface DirectoryKeeperDeps {
  /** Undefined: no directory is configured. */
  readonly sync: DirectorySync | undefined
  readonly fullEveryMs: number
  readonly log: Logger
  readonly nowMs: () => number
  /** Facts of these users are others now; undefined: perhaps of all. */
  readonly onChanged: (users: readonly string[] | undefined) => void
}

export interface DirectoryStatus {
  readonly isConfigured: boolean
  readonly state: 'idle' | 'running' | 'failed'
  readonly lastFullMs: number
  readonly lastPassMs: number
  /** Of the last full pass. */
  readonly users: number
  readonly groups: number
  /** Code and detail of the last failure; empty after a pass that went well. */
  readonly problem: string
}

/** Runs the passes one at a time and remembers how they went. */
export class DirectoryKeeper {
  readonly #deps: DirectoryKeeperDeps
  #running: Promise<PassOutcome> | undefined
  #lastFullMs = 0
  #lastPassMs = 0
  #users = 0
  #groups = 0
  #problem = ''

  constructor(deps: DirectoryKeeperDeps) {
    this.#deps = deps
  }

  /** A pass when it is due; never rejects. */
  async tick(): Promise<void> {
    if (this.#deps.sync === undefined || this.#running !== undefined) return
    const isFull = this.#lastFullMs === 0 || this.#deps.nowMs() - this.#lastFullMs >= this.#deps.fullEveryMs
    await this.sync({ isFull, acceptsDrop: false }).catch(() => undefined)
  }

  /** Runs a pass; one that is under way is waited for first. Rejects with its code. */
  async sync(order: PassOrder): Promise<PassOutcome> {
    const { sync } = this.#deps
    if (sync === undefined) throw directoryError('GH-DIRECTORY-OFF')
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    this.#running = this.#run(sync, order)
    try {
      return await this.#running
    } finally {
      this.#running = undefined
    }
  }

  /** Resolves when no pass is under way. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }

  status(): DirectoryStatus {
    const state = this.#running !== undefined ? 'running' : this.#problem === '' ? 'idle' : 'failed'
    return {
      isConfigured: this.#deps.sync !== undefined,
      state,
      lastFullMs: this.#lastFullMs,
      lastPassMs: this.#lastPassMs,
      users: this.#users,
      groups: this.#groups,
      problem: this.#problem,
    }
  }

  async #run(sync: DirectorySync, order: PassOrder): Promise<PassOutcome> {
    const { log, nowMs, onChanged } = this.#deps
    try {
      const outcome = await sync.run(order)
      this.#lastPassMs = nowMs()
      this.#problem = ''
      if (outcome.isFull) {
        this.#lastFullMs = this.#lastPassMs
        this.#users = outcome.users
        this.#groups = outcome.groups
      }
      const { changed, ...facts } = outcome
      if (outcome.isFull || outcome.users + outcome.groups > 0) log.info(facts, 'directory read')
      onChanged(changed)
      return outcome
    } catch (thrown) {
      const code = thrown instanceof GatewayError ? thrown.code : 'GH-DIRECTORY-AWAY'
      // its pass is as good as ours
      if (code === 'GH-DIRECTORY-BUSY') throw thrown
      this.#problem = `${code}: ${messageOf(thrown)}`
      log.error({ code, detail: messageOf(thrown), full: order.isFull }, 'the directory could not be read to the end; no user was removed')
      // what was read before it failed is in the store
      onChanged(undefined)
      throw thrown
    }
  }
}
