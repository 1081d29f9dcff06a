import { createHash } from 'node:crypto'
import type { Incoming, ReceiveOutcome } from '@gatehouse/bridge-kit'
import { sentOutcome } from '@gatehouse/delivery'
import { RecentMap } from '../recent-map.ts'
import type { SeenLedger } from './seen-ledger.ts'

/** Events remembered with their answers; at 1,000 a second that is what networks send again within a minute or two. */
const MOST = 100_000
const LIFETIME_MS = 600_000
/** Ids of a network of accounts are the network's own, and it shows a day's history to who was away. */
const WITHIN_OF_ACCOUNTS_MS = 24 * 60 * 60_000
/** Among servers the sender's client chooses them, and some count from one at each start. */
const WITHIN_OF_SERVERS_MS = 600_000

/**
 * The same event a second time is answered as the first was, and not delivered again; also when another replica took it, or this one before it
 * was started again. One that failed may be tried again. Told apart by the network's own id; without one nothing can be told apart.
 */
export class Repetitions {
  readonly #ledger: Pick<SeenLedger, 'has' | 'add'>
  readonly #seen = new RecentMap<Promise<ReceiveOutcome>>({ most: MOST, lifetimeMs: LIFETIME_MS })

  constructor(ledger: Pick<SeenLedger, 'has' | 'add'>) {
    this.#ledger = ledger
  }

  /** `take` runs only for what was not seen. */
  once(network: string, event: Incoming, nowMs: number, take: () => Promise<ReceiveOutcome>): Promise<ReceiveOutcome> {
    if (event.remoteId === '') return take()
    const key = keyOf(network, event)
    const before = this.#seen.get(key, nowMs)
    if (before !== undefined) return before
    // what was typed or read is worth nothing twice, and not worth writing down
    const isKept = event.content.kind === 'message'
    if (isKept && this.#ledger.has(key, event.account === undefined ? WITHIN_OF_SERVERS_MS : WITHIN_OF_ACCOUNTS_MS)) {
      return Promise.resolve({ ...sentOutcome(), notice: '' })
    }
    const taken = isKept ? this.#kept(key, take) : take()
    this.#seen.set(key, taken, nowMs)
    taken.then(
      ({ status }) => {
        if (status === 'failed') this.#seen.delete(key)
      },
      () => this.#seen.delete(key),
    )
    return taken
  }

  /** The network is answered when a replica that takes over would know of it: what is not answered, it sends again. */
  async #kept(key: string, take: () => Promise<ReceiveOutcome>): Promise<ReceiveOutcome> {
    const outcome = await take()
    if (outcome.status !== 'failed') await this.#ledger.add(key)
    return outcome
  }
}

function keyOf(network: string, { account, from, to, content, remoteId }: Incoming): string {
  const text = content.kind === 'message' ? content.text : ''
  const parts = [network, account ?? '', from.user, from.domain, to.user, to.domain, content.kind, remoteId, text]
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('base64url', 0, 16)
}
