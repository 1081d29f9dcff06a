import type { BusKv, BusSubscription } from '@gatehouse/bus'
import type { Logger } from '@gatehouse/telemetry'

export interface LeaseTimings {
  /** How often a replica says that it lives. */
  readonly renewMs: number
  /** Silent for so long, a replica counts as dead and others take its accounts. */
  readonly expireMs: number
  /** A replica that could not renew for so long gives its accounts up itself: earlier than others may take them. */
  readonly fenceMs: number
}

/** Take-over within 10 s: five to notice, the rest to connect. */
export const leaseTimings: LeaseTimings = { renewMs: 1_000, expireMs: 5_000, fenceMs: 3_500 }

export interface Member {
  readonly replica: string
  /** Different for each start, so that a replica that comes back is not taken for the one that died. */
  readonly incarnation: string
  /** Names of the networks it runs. */
  readonly networks: readonly string[]
}

export interface MemberLeaseDeps {
  readonly kv: BusKv
  readonly self: Member
  readonly log: Logger
  /** Monotonic milliseconds; never compared between machines. */
  readonly nowMs: () => number
  readonly every: (intervalMs: number, run: () => void) => () => void
  readonly timings: LeaseTimings
}

interface Seen {
  readonly member: Member
  readonly heardMs: number
}

const PREFIX = 'member.'
/** Beats that may be under way to ourselves; older ones count for nothing. */
const MOST_UNHEARD = 60

/**
 * Which replicas of the bridge live. Each writes its own entry again and again; who has not been heard of for `expireMs` by the listener's own
 * clock is dead, so that clocks need not agree. A replica that does not hear itself hears nobody: it judges none, and gives its accounts up.
 */
export class MemberLease {
  readonly #deps: MemberLeaseDeps
  readonly #key: string
  readonly #seen = new Map<string, Seen>()
  /** Replicas that did not answer since they were last heard. */
  readonly #silent = new Set<string>()
  readonly #listeners: (() => void)[] = []
  readonly #stoppers: (() => void)[] = []
  #subscription: BusSubscription | undefined
  /** When the last of our beats that came back to us by the watch was written. */
  #renewedMs: number | undefined
  /** By number, when beats were written that have not come back yet. */
  readonly #sentMs = new Map<number, number>()
  #beats = 0
  #onFirstBeat: (() => void) | undefined
  #isLeaving = false
  #isRenewing = false

  constructor(deps: MemberLeaseDeps) {
    this.#deps = deps
    this.#key = PREFIX + deps.self.replica.replace(/[^A-Za-z0-9_=/-]/g, '_')
  }

  /** Resolves when our own lease is held. Rejects when the bus does not take it. */
  async start(): Promise<void> {
    const { kv, every, timings } = this.#deps
    this.#subscription = await kv.watch((key, value) => this.#noticed(key, value))
    const isHeard = new Promise<void>((resolve) => {
      this.#onFirstBeat = resolve
    })
    await this.#renew()
    this.#stoppers.push(every(timings.renewMs, () => void this.#renewQuietly()))
    this.#stoppers.push(every(Math.ceil(timings.renewMs / 2), () => this.#sweep()))
    await isHeard
    this.#onFirstBeat = undefined
  }

  /** We still live and serve, but run no network any more: others take over what is given back from now on. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#renewQuietly()
    this.#tell()
  }

  /** Gives the lease back, so that others need not wait for it to expire. */
  async stop(): Promise<void> {
    for (const stop of this.#stoppers.splice(0)) stop()
    await this.#subscription?.stop()
    this.#renewedMs = undefined
    await this.#deps.kv.delete(this.#key).catch(() => {})
  }

  /** Called after each change of who lives, and of whether we still hold our own lease. */
  onChange(run: () => void): void {
    this.#listeners.push(run)
  }

  /** False: others may think us dead by now. Whoever needs to be alone has to stop. */
  isHeld(): boolean {
    return this.#hearsItself(this.#deps.timings.fenceMs)
  }

  isAlive(incarnation: string): boolean {
    if (incarnation === this.#deps.self.incarnation) return true
    for (const { member } of this.#seen.values()) if (member.incarnation === incarnation) return true
    return false
  }

  /** Ourselves included, in the order of their names. */
  live(): readonly Member[] {
    const self = this.#self()
    const others = [...this.#seen.values()].map(({ member }) => member).filter(({ replica }) => replica !== self.replica)
    return [self, ...others].sort((left, right) => (left.replica < right.replica ? -1 : 1))
  }

  /** Names of the replicas that live and run the network. */
  running(network: string): readonly string[] {
    return this.live().flatMap(({ replica, networks }) => (networks.includes(network) ? [replica] : []))
  }

  /** Those of them that answer, for handing deliveries on. */
  reachable(network: string): readonly string[] {
    return this.running(network).filter((replica) => !this.#silent.has(replica))
  }

  /**
   * A replica did not answer for its deliveries. Nothing goes to it until it is heard again; it counts as alive all the same, for one that
   * just starts or stops may still hold accounts, and only a lease that has run out frees those.
   */
  suspect(replica: string): void {
    this.#silent.add(replica)
  }

  #hearsItself(withinMs: number): boolean {
    return this.#renewedMs !== undefined && this.#deps.nowMs() - this.#renewedMs < withinMs
  }

  #self(): Member {
    const { self } = this.#deps
    return this.#isLeaving ? { ...self, networks: [] } : self
  }

  async #renewQuietly(): Promise<void> {
    if (this.#isRenewing) return
    this.#isRenewing = true
    const wasHeld = this.isHeld()
    try {
      await this.#renew()
    } catch (err) {
      this.#deps.log.warn({ err }, 'the lease of this replica was not renewed')
    } finally {
      this.#isRenewing = false
      if (this.isHeld() !== wasHeld) this.#tell()
    }
  }

  async #renew(): Promise<void> {
    const { kv, nowMs } = this.#deps
    const beat = ++this.#beats
    // counted from before the write: others may have seen it from then on
    this.#sentMs.set(beat, nowMs())
    this.#sentMs.delete(beat - MOST_UNHEARD)
    await kv.put(this.#key, Buffer.from(JSON.stringify({ ...this.#self(), beat })))
  }

  /** Our own beat has come back: what others wrote before it has, too. */
  #heardItself(value: Uint8Array): void {
    const beat = beatOf(value, this.#deps.self.incarnation)
    const sentMs = beat === undefined ? undefined : this.#sentMs.get(beat)
    if (beat === undefined || sentMs === undefined) return
    for (const sent of [...this.#sentMs.keys()]) if (sent <= beat) this.#sentMs.delete(sent)
    const { nowMs, timings } = this.#deps
    const wasHeld = this.isHeld()
    if (!this.#hearsItself(timings.expireMs)) {
      // We were deaf: how long others were silent counts from now on.
      for (const [key, seen] of this.#seen) this.#seen.set(key, { ...seen, heardMs: nowMs() })
    }
    this.#renewedMs = sentMs
    this.#onFirstBeat?.()
    if (this.isHeld() !== wasHeld) this.#tell()
  }

  #noticed(key: string, value: Uint8Array | undefined): void {
    if (!key.startsWith(PREFIX)) return
    if (key === this.#key) {
      if (value !== undefined) this.#heardItself(value)
      return
    }
    const member = value === undefined ? undefined : readMember(value)
    if (member === undefined) return this.#drop(key)
    const before = this.#seen.get(key)
    this.#seen.set(key, { member, heardMs: this.#deps.nowMs() })
    this.#silent.delete(member.replica)
    const isAsBefore = before?.member.incarnation === member.incarnation && before.member.networks.length === member.networks.length
    if (!isAsBefore) this.#tell()
  }

  #sweep(): void {
    const nowMs = this.#deps.nowMs()
    if (!this.isHeld()) return this.#tell()
    for (const [key, { member, heardMs }] of this.#seen) {
      if (nowMs - heardMs < this.#deps.timings.expireMs) continue
      this.#deps.log.warn({ replica: member.replica }, 'a replica of the bridge is gone')
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    const gone = this.#seen.get(key)
    if (gone === undefined) return
    this.#silent.delete(gone.member.replica)
    this.#seen.delete(key)
    this.#tell()
  }

  #tell(): void {
    for (const run of this.#listeners) run()
  }
}

function readMember(value: Uint8Array): Member | undefined {
  try {
    const { replica, incarnation, networks } = JSON.parse(Buffer.from(value).toString()) as Member
    const isWhole = typeof replica === 'string' && typeof incarnation === 'string' && Array.isArray(networks)
    return isWhole ? { replica, incarnation, networks } : undefined
  } catch {
    return undefined
  }
}

/** Number of our own beat; undefined: of an earlier start, or nothing that we wrote. */
function beatOf(value: Uint8Array, incarnation: string): number | undefined {
  try {
    const written = JSON.parse(Buffer.from(value).toString()) as { incarnation?: unknown; beat?: unknown }
    return written.incarnation === incarnation && typeof written.beat === 'number' ? written.beat : undefined
  } catch {
    return undefined
  }
}
