import { CONNECTION_STATES, type ConnectionState, type StateReport } from '@gatehouse/bridge-kit'

/** States kept for servers at the other end; who was silent longest goes first. */
const MOST_PEERS = 10_000

export interface KnownState extends StateReport {
  readonly sinceMs: number
}

/** How the connections of one network stand, as its connector last told. */
export class StateBoard {
  readonly #nowMs: () => number
  readonly #onChange: (state: KnownState) => void
  #network: KnownState
  readonly #accounts = new Map<string, KnownState>()
  readonly #peers = new Map<string, KnownState>()

  constructor(nowMs: () => number, onChange: (state: KnownState) => void) {
    this.#nowMs = nowMs
    this.#onChange = onChange
    this.#network = { state: 'stopped', code: '', detail: '', sinceMs: nowMs() }
  }

  get network(): KnownState {
    return this.#network
  }

  account(id: string): KnownState | undefined {
    return this.#accounts.get(id)
  }

  peers(): readonly KnownState[] {
    return [...this.#peers.values()]
  }

  countPeers(state: ConnectionState): number {
    let count = 0
    for (const peer of this.#peers.values()) if (peer.state === state) count++
    return count
  }

  /** False: the report breaks the contract and is dropped. */
  report(report: StateReport): boolean {
    if (!CONNECTION_STATES.includes(report.state)) return false
    const before = this.#before(report)
    const isSame = before?.state === report.state && before.code === report.code
    const known: KnownState = { ...report, sinceMs: isSame ? before.sinceMs : this.#nowMs() }
    if (report.account !== undefined) this.#accounts.set(report.account, known)
    else if (report.peer !== undefined) this.#keepPeer(report.peer, known)
    else this.#network = known
    if (!isSame) this.#onChange(known)
    return true
  }

  forgetAccount(id: string): void {
    this.#accounts.delete(id)
  }

  #before({ account, peer }: StateReport): KnownState | undefined {
    if (account !== undefined) return this.#accounts.get(account)
    return peer === undefined ? this.#network : this.#peers.get(peer)
  }

  #keepPeer(peer: string, known: KnownState): void {
    this.#peers.delete(peer)
    if (known.state === 'stopped') return
    this.#peers.set(peer, known)
    if (this.#peers.size <= MOST_PEERS) return
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest)
      break
    }
  }
}
