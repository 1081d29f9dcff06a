import { type Bus, type BusKv, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { parseReport, type ReplicaReport, readReplicaReports } from './replica-reports.ts'

export interface ReplicaWatchDeps {
  readonly bus: Bus
  /** Milliseconds that passed, by a clock that nobody sets. */
  readonly elapsedMs: () => number
  /** How often replicas are called, and answer. */
  readonly heartbeatMs: number
  readonly onChange: () => void
}

/** A report, and how long its replica has been silent; 0 while it answers. */
export interface HeardReport extends ReplicaReport {
  readonly silentMs: number
}

/** Heartbeats without an answer: one may be lost, and the next under way. */
const UNANSWERED_BEATS = 3
/** Of a replica that would decide by what it has for ever, or that does not say. */
const LONGEST_LIFETIME_MS = 24 * 3_600_000

interface Heard {
  readonly report: ReplicaReport
  readonly atMs: number
}

/**
 * Which revision each replica reports. A replica answers every heartbeat; one that does not is silent, and counts on, for it may be cut
 * off and still decide. It is struck off when it can no longer: when its policy has become too old for it, by its own word. Times are
 * counted from what this process heard, so clocks need not agree, and whoever starts anew counts anew.
 */
export class ReplicaWatch {
  readonly #deps: ReplicaWatchDeps
  readonly #heard = new Map<string, Heard>()
  #kv: BusKv | undefined
  #subscription: BusSubscription | undefined

  constructor(deps: ReplicaWatchDeps) {
    this.#deps = deps
  }

  /** Those that count, as known now. */
  reports(): readonly ReplicaReport[] {
    return [...this.#heard.values()].filter((heard) => !this.#isGone(heard)).map(({ report }) => report)
  }

  /** The same as it stands in the bucket now, in order. Rejects when the bus is away. */
  async read(): Promise<HeardReport[]> {
    const reports = await readReplicaReports(this.#deps.bus)
    const byName = new Map([...this.#heard.values()].map((heard) => [nameOf(heard.report), heard]))
    return reports.flatMap((report) => {
      const heard = byName.get(nameOf(report))
      if (heard === undefined) return [{ ...report, silentMs: 0 }]
      return this.#isGone(heard) ? [] : [{ ...report, silentMs: this.#isSilent(heard) ? this.#sinceMs(heard) : 0 }]
    })
  }

  /** Starts watching where that failed before, and strikes off who is gone. Rejects when the bus has no such bucket now. */
  async sweep(): Promise<void> {
    await this.#watch()
    for (const [key, heard] of this.#heard) {
      // who comes back in this moment says so again with the next heartbeat
      if (this.#isGone(heard)) await this.#kv?.delete(key)
    }
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    this.#subscription = undefined
  }

  async #watch(): Promise<void> {
    if (this.#subscription !== undefined) return
    this.#kv = await this.#deps.bus.kv(busSubjects.replicasBucket.name)
    this.#subscription = await this.#kv.watch((key, value) => {
      const report = value === undefined ? undefined : parseReport(value)
      const before = this.#heard.get(key)
      if (report === undefined) this.#heard.delete(key)
      else this.#heard.set(key, { report, atMs: this.#deps.elapsedMs() })
      // an answer that says nothing new is no change
      if (report === undefined || before === undefined || before.report.revision !== report.revision) this.#deps.onChange()
    })
  }

  #sinceMs({ atMs }: Heard): number {
    return this.#deps.elapsedMs() - atMs
  }

  #isSilent(heard: Heard): boolean {
    return this.#sinceMs(heard) > UNANSWERED_BEATS * this.#deps.heartbeatMs
  }

  #isGone(heard: Heard): boolean {
    const { staleAfterMs = 0 } = heard.report
    return this.#isSilent(heard) && this.#sinceMs(heard) > (staleAfterMs === 0 ? LONGEST_LIFETIME_MS : staleAfterMs)
  }
}

function nameOf({ service, replica }: ReplicaReport): string {
  return `${service} ${replica}`
}
