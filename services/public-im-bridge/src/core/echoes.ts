import { RecentMap } from './recent-map.ts'

/** What went over, so that a network that shows us our own messages delivers none twice. */
const MOST = 50_000
const LIFETIME_MS = 600_000

export class Echoes {
  readonly #nowMs: () => number
  readonly #sent = new RecentMap<true>({ most: MOST, lifetimeMs: LIFETIME_MS })

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  sent(network: string, account: string, remoteId: string): void {
    this.#sent.set(`${network} ${account} ${remoteId}`, true, this.#nowMs())
  }

  /** Only on networks of accounts: among servers the ids of two servers may be alike. */
  isEcho(network: string, account: string, remoteId: string): boolean {
    return remoteId !== '' && account !== '' && this.#sent.get(`${network} ${account} ${remoteId}`, this.#nowMs()) === true
  }
}
