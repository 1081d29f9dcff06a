import { type Bus, eventSubject } from '@gatehouse/bus'
import type { AccountKeeper } from '../core/accounts/account-keeper.ts'
import type { NetworkHost } from '../core/host/network-host.ts'
import type { KnownState } from '../core/host/state-board.ts'
import { capabilitiesOf } from './bridge-handlers.ts'
import type { StateShelf } from './state-shelf.ts'

/** How often counts are told anew; changes of state are told at once. */
const TELL_MS = 5_000
const SOON_MS = 250

export interface NetworkTotals {
  received: number
  sent: number
  failed: number
}

export interface NetworkStatesDeps {
  readonly bus: Bus
  readonly shelf: StateShelf
  readonly hosts: ReadonlyMap<string, NetworkHost>
  readonly keeper: AccountKeeper
  readonly replica: string
  readonly every: (intervalMs: number, run: () => void) => () => void
  readonly after: (delayMs: number, run: () => void) => () => void
}

/** Tells displays how the networks stand: on the shelf for whoever asks later, as an event for whoever watches now. */
export class NetworkStates {
  readonly #deps: NetworkStatesDeps
  readonly #dueSoon = new Set<NetworkHost>()
  readonly #totals = new Map<string, NetworkTotals>()
  #stop: () => void = () => {}

  constructor(deps: NetworkStatesDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#stop = this.#deps.every(TELL_MS, () => this.#tellAll())
    this.#tellAll()
  }

  stop(): void {
    this.#stop()
  }

  totals(network: string): NetworkTotals {
    let totals = this.#totals.get(network)
    if (totals === undefined) {
      totals = { received: 0, sent: 0, failed: 0 }
      this.#totals.set(network, totals)
    }
    return totals
  }

  changed(network: string, { account, peer, state, code, detail, sinceMs }: KnownState): void {
    const { bus, shelf, replica } = this.#deps
    if (account !== undefined) shelf.tellAccount(account, { state, code, detail, sinceMs })
    const told = { network, replica, account, peer, state, code, detail, sinceMs }
    bus.publish(eventSubject('networks'), Buffer.from(JSON.stringify(told)))
    const host = this.#deps.hosts.get(network)
    if (host === undefined) return
    if (peer === undefined) this.#tell(host)
    else this.#tellSoon(host)
  }

  /** Servers at the other end come and go by the hundred; what they add up to is told a few times a second at most. */
  #tellSoon(host: NetworkHost): void {
    if (this.#dueSoon.has(host)) return
    this.#dueSoon.add(host)
    this.#deps.after(SOON_MS, () => {
      this.#dueSoon.delete(host)
      this.#tell(host)
    })
  }

  #tellAll(): void {
    for (const host of this.#deps.hosts.values()) this.#tell(host)
  }

  #tell(host: NetworkHost): void {
    const { name, protocol, board, kind, domains, capabilities, receives, sends } = host
    const { keeper, shelf } = this.#deps
    const { state, code, detail, sinceMs } = board.network
    const { received, sent, failed } = this.totals(name)
    shelf.tellNetwork({
      network: name,
      protocol,
      state,
      code,
      detail,
      sinceMs: BigInt(Math.trunc(sinceMs)),
      kind,
      domains: [...domains],
      capabilities: capabilitiesOf(host),
      maxTextBytes: capabilities?.limits.maxTextBytes ?? 0,
      openReceives: receives.open,
      openSends: sends.open,
      accounts: keeper.count(name, false),
      accountsConnected: keeper.count(name, true),
      peersConnected: board.countPeers('connected'),
      peersAway: board.countPeers('away') + board.countPeers('refused'),
      received: BigInt(received),
      sent: BigInt(sent),
      failed: BigInt(failed),
    })
  }
}
