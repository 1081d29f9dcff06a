import { type Bus, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { parseReport, type ReplicaReport } from '../serve/replica-reports.ts'

/** Which revision each replica reports, kept current. */
export class ReplicaWatch {
  readonly #reports = new Map<string, ReplicaReport>()
  #subscription: BusSubscription | undefined

  reports(): readonly ReplicaReport[] {
    return [...this.#reports.values()]
  }

  get isWatching(): boolean {
    return this.#subscription !== undefined
  }

  /** Rejects when the bus has no such bucket now. */
  async start(bus: Bus, onChange: () => void): Promise<void> {
    const kv = await bus.kv(busSubjects.replicasBucket.name)
    this.#subscription = await kv.watch((key, value) => {
      const report = value === undefined ? undefined : parseReport(value)
      if (report === undefined) this.#reports.delete(key)
      else this.#reports.set(key, report)
      onChange()
    })
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    this.#subscription = undefined
  }
}
