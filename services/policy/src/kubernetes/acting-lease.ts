import type { Bus, BusKv } from '@gatehouse/bus'
import { busSubjects } from '@gatehouse/bus'

export interface ActingLeaseDeps {
  readonly bus: Bus
  /** Unique per process. */
  readonly holder: string
  /** Milliseconds that never run backwards. */
  readonly elapsedMs: () => number
  readonly every: (ms: number, run: () => void) => () => void
  readonly onGained: () => void
}

const KEY = 'acting.policy-kubernetes'
const BEAT_MS = 2_000
/** Of a holder that is gone: so long its last beat has to stand unchanged, by the clock of whoever waits. */
const FREE_AFTER_MS = 7_000
/** A holder whose beats are not taken stops well before another may begin. */
const HELD_FOR_MS = 5_000

/**
 * Which of several policy services acts on the cluster. One that thinks wrongly that it does can do no harm: revisions are made on a
 * condition, and statuses say the same whoever writes them. The lease only keeps work from being done twice.
 */
export class ActingLease {
  readonly #deps: ActingLeaseDeps
  #kv: BusKv | undefined
  #beatRevision: number | undefined
  #beatAtMs = Number.NEGATIVE_INFINITY
  #seen: { readonly revision: number; readonly atMs: number } | undefined
  #stopBeats: (() => void) | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(deps: ActingLeaseDeps) {
    this.#deps = deps
  }

  get isHeld(): boolean {
    return this.#beatRevision !== undefined && this.#deps.elapsedMs() - this.#beatAtMs < HELD_FOR_MS
  }

  /** Resolves after the first attempt. */
  async start(): Promise<void> {
    await this.#beat()
    this.#stopBeats = this.#deps.every(BEAT_MS, () => {
      this.#running = this.#running.then(() => this.#beat())
    })
  }

  /** Gives it back, so that another one need not wait. */
  async stop(): Promise<void> {
    this.#stopBeats?.()
    await this.#running
    if (!this.isHeld) return
    this.#beatRevision = undefined
    await this.#kv?.delete(KEY).catch(() => undefined)
  }

  /** Never rejects: without the bus nobody holds anything for long. */
  async #beat(): Promise<void> {
    const { bus, holder, elapsedMs, onGained } = this.#deps
    const wasHeld = this.isHeld
    try {
      this.#kv ??= await bus.kv(busSubjects.leasesBucket.name)
      const startedMs = elapsedMs()
      const entry = await this.#kv.get(KEY)
      const isOurs = entry !== undefined && entry.revision === this.#beatRevision
      if (!isOurs && !this.#isFree(entry?.revision)) {
        this.#beatRevision = undefined
        return
      }
      const value = new TextEncoder().encode(JSON.stringify({ holder }))
      this.#beatRevision = await this.#kv.put(KEY, value, entry?.revision ?? 0)
      // from before the call: the time it took is no time it was held
      if (this.#beatRevision !== undefined) this.#beatAtMs = startedMs
    } catch {
      return
    }
    if (!wasHeld && this.isHeld) onGained()
  }

  #isFree(revision: number | undefined): boolean {
    if (revision === undefined) return true
    const nowMs = this.#deps.elapsedMs()
    if (this.#seen?.revision !== revision) this.#seen = { revision, atMs: nowMs }
    return nowMs - this.#seen.atMs >= FREE_AFTER_MS
  }
}
