import type { Incoming, ReceiveOutcome } from '@gatehouse/bridge-kit'
import { RecentMap } from '../recent-map.ts'

/** Events remembered; at 1,000 a second that is what networks send again within a minute or two. */
const MOST = 100_000
const LIFETIME_MS = 600_000

/**
 * The same event a second time is answered as the first was, and not delivered again. One that failed may be tried again. Told apart by the
 * network's own id; without one nothing can be told apart.
 */
export class Repetitions {
  readonly #seen = new RecentMap<Promise<ReceiveOutcome>>({ most: MOST, lifetimeMs: LIFETIME_MS })

  /** `take` runs only for what was not seen. */
  once(network: string, event: Incoming, nowMs: number, take: () => Promise<ReceiveOutcome>): Promise<ReceiveOutcome> {
    if (event.remoteId === '') return take()
    const key = JSON.stringify([network, event.account ?? '', event.from, event.to, event.content.kind, event.remoteId])
    const before = this.#seen.get(key, nowMs)
    if (before !== undefined) return before
    const taken = take()
    this.#seen.set(key, taken, nowMs)
    taken.then(
      ({ status }) => {
        if (status === 'failed') this.#seen.delete(key)
      },
      () => this.#seen.delete(key),
    )
    return taken
  }
}
