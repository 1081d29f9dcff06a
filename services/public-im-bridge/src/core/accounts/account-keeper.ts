import { Backoff, type StateReport, supports } from '@gatehouse/bridge-kit'
import type { BusKv, BusSubscription } from '@gatehouse/bus'
import type { Logger } from '@gatehouse/telemetry'
import type { NetworkHost } from '../host/network-host.ts'
import type { Member, MemberLease } from '../leases/member-lease.ts'
import { ownerOf } from '../rendezvous.ts'
import type { AccountBook, StoredAccount } from './account-book.ts'

const PREFIX = 'claim.'
/** Incarnation in a claim that was given back. */
const NOBODY = ''
/** One attempt to log in. */
const CONNECT_TIMEOUT_MS = 30_000
const DISCONNECT_TIMEOUT_MS = 5_000
/** So long a log-out waits for messages that are going out; in all no longer than others wait for a lease that has run out. */
const LAST_USE_MS = 1_500
/** A refused account needs a person; now and then it is tried all the same, as bans end and servers err. */
const REFUSED_AGAIN_MS = 900_000

interface Claim {
  readonly replica: string
  readonly incarnation: string
  readonly revision: number
}

interface Held {
  readonly stored: StoredAccount
  readonly backoff: Backoff
  state: 'connecting' | 'connected' | 'waiting' | 'leaving'
  dueMs: number
  /** Messages that are going out over it. */
  uses: number
  onUnused: (() => void) | undefined
}

/** How an account stands on this replica: what is `moving` will be connected here or on another one in a moment. */
export type AccountUse = 'away' | 'moving' | { readonly release: () => void }

export interface AccountKeeperDeps {
  /** Bucket of the claims. */
  readonly kv: BusKv
  readonly self: Member
  readonly lease: MemberLease
  readonly book: AccountBook
  readonly hosts: ReadonlyMap<string, NetworkHost>
  readonly log: Logger
  readonly nowMs: () => number
  readonly random: () => number
  readonly every: (intervalMs: number, run: () => void) => () => void
  readonly after: (delayMs: number, run: () => void) => () => void
}

/**
 * Connects each linked account on exactly one replica. Whose it should be all replicas agree on (rendezvous over who lives); whose it is says
 * the claim, which changes hands only when its holder gives it back or is dead. Who cannot renew its own lease lets go before others may take over.
 */
export class AccountKeeper {
  readonly #deps: AccountKeeperDeps
  readonly #claims = new Map<string, Claim>()
  readonly #held = new Map<string, Held>()
  readonly #claiming = new Set<string>()
  readonly #stoppers: (() => void)[] = []
  #subscription: BusSubscription | undefined
  #isStopping = false

  constructor(deps: AccountKeeperDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    const { kv, lease, book, every, hosts } = this.#deps
    this.#subscription = await kv.watch((key, value, revision) => this.#noticed(key, value, revision))
    lease.onChange(() => this.#reconcile())
    book.onChange(() => this.#reconcile())
    // a connector that was started again knows none of its accounts
    for (const host of hosts.values()) host.onStarted(() => this.#reconnect(host.name))
    this.#stoppers.push(every(500, () => this.#reconcile()))
    this.#reconcile()
  }

  /** Logs every account out and gives the claims back; who takes them is still seen. */
  async leave(): Promise<void> {
    this.#isStopping = true
    for (const stop of this.#stoppers.splice(0)) stop()
    await Promise.all([...this.#held.keys()].map((id) => this.#leave(id)))
  }

  async stop(): Promise<void> {
    await this.leave()
    await this.#subscription?.stop()
  }

  /** Accounts that are connected here. */
  count(network: string, isConnected: boolean): number {
    let count = 0
    for (const { stored, state } of this.#held.values()) {
      if (stored.network === network && (!isConnected || state === 'connected')) count++
    }
    return count
  }

  /** Until `release` is called the account is not logged out to make place for another replica. */
  use(id: string): AccountUse {
    const held = this.#held.get(id)
    if (held === undefined || held.state === 'connecting' || held.state === 'leaving') return 'moving'
    if (held.state === 'waiting') return 'away'
    held.uses++
    return {
      release: () => {
        held.uses--
        if (held.uses === 0) held.onUnused?.()
      },
    }
  }

  /** Replica that holds the account; undefined: nobody does now. */
  holderOf(id: string): string | undefined {
    const claim = this.#claims.get(id)
    return claim !== undefined && this.#deps.lease.isAlive(claim.incarnation) ? claim.replica : undefined
  }

  /** A connector told that the connection of an account has changed. */
  reported({ account, state }: StateReport): void {
    const held = account === undefined ? undefined : this.#held.get(account)
    // while an attempt is under way its result counts, not what is told meanwhile
    if (held?.state !== 'connected') return
    if (state === 'away' || state === 'refused') this.#wait(held, state)
  }

  #noticed(key: string, value: Uint8Array | undefined, revision: number): void {
    if (!key.startsWith(PREFIX)) return
    const id = key.slice(PREFIX.length)
    const claim = value === undefined ? undefined : readClaim(value, revision)
    if (claim === undefined) this.#claims.delete(id)
    else this.#claims.set(id, claim)
    this.#reconcile()
  }

  #reconcile(): void {
    if (this.#isStopping) return
    const { lease, book, hosts } = this.#deps
    if (!lease.isHeld()) {
      for (const id of [...this.#held.keys()]) void this.#leave(id)
      return
    }
    for (const stored of book.all()) {
      if (hosts.has(stored.network)) this.#reconcileOne(stored)
    }
    for (const [id, { stored }] of [...this.#held]) if (book.get(id) !== stored) void this.#leave(id)
  }

  #reconcileOne(stored: StoredAccount): void {
    const { lease, self, nowMs } = this.#deps
    const { id, network } = stored
    const isOurs = ownerOf(id, lease.running(network)) === self.replica
    const held = this.#held.get(id)
    if (held !== undefined) {
      const holder = this.#claims.get(id)?.incarnation
      const isTaken = holder !== undefined && holder !== self.incarnation && holder !== NOBODY
      if (!isOurs || isTaken) void this.#leave(id)
      else if (held.state === 'waiting' && nowMs() >= held.dueMs) void this.#connect(held)
      return
    }
    const claim = this.#claims.get(id)
    const isFree = claim === undefined || claim.incarnation === self.incarnation || !lease.isAlive(claim.incarnation)
    if (isOurs && isFree && !this.#claiming.has(id)) void this.#claim(stored, claim)
    else if (!isOurs) void this.#giveBack(id)
  }

  async #claim(stored: StoredAccount, before: Claim | undefined): Promise<void> {
    const { kv, self, log } = this.#deps
    const { id } = stored
    this.#claiming.add(id)
    try {
      const value = Buffer.from(JSON.stringify({ replica: self.replica, incarnation: self.incarnation }))
      const revision = await kv.put(PREFIX + id, value, before?.revision ?? 0)
      // somebody else was quicker, or the watch has not told us yet how it stands
      if (revision === undefined || this.#isStopping || this.#held.has(id)) return
      this.#claims.set(id, { replica: self.replica, incarnation: self.incarnation, revision })
      const held: Held = { stored, backoff: new Backoff(), state: 'waiting', dueMs: 0, uses: 0, onUnused: undefined }
      this.#held.set(id, held)
      if (before !== undefined) log.info({ account: id, network: stored.network, from: before.replica }, 'account taken over')
      await this.#connect(held)
    } catch (err) {
      log.warn({ err, account: id }, 'account not claimed; tried again')
    } finally {
      this.#claiming.delete(id)
    }
  }

  async #connect(held: Held): Promise<void> {
    const { hosts, book, lease } = this.#deps
    const host = hosts.get(held.stored.network)
    const connector = host?.connector
    // its start calls us again
    if (host === undefined || connector === undefined || !supports(connector, 'accounts') || !lease.isHeld()) return
    held.state = 'connecting'
    host.board.report({ account: held.stored.id, state: 'connecting', code: '', detail: '' })
    const account = book.open(held.stored)
    const report = await host.ask(CONNECT_TIMEOUT_MS, () => connector.connectAccount(account))
    if (held.state !== 'connecting') return
    const told = report ?? {
      account: account.id,
      state: 'away',
      code: 'GH-BRIDGE-CONNECTOR-SILENT',
      detail: 'The connector gave no answer.',
    }
    host.board.report({ ...told, account: account.id })
    if (told.state === 'connected') {
      held.state = 'connected'
      held.backoff.succeeded()
    } else this.#wait(held, told.state === 'refused' ? 'refused' : 'away')
  }

  #wait(held: Held, why: 'away' | 'refused'): void {
    held.state = 'waiting'
    const delayMs = held.backoff.failed(this.#deps.random())
    held.dueMs = this.#deps.nowMs() + (why === 'refused' ? REFUSED_AGAIN_MS : delayMs)
  }

  #reconnect(network: string): void {
    for (const held of this.#held.values()) {
      if (held.stored.network !== network) continue
      held.state = 'waiting'
      held.dueMs = 0
    }
    this.#reconcile()
  }

  /** What is going out has its time; then it is cut off. */
  async #unused(held: Held): Promise<void> {
    if (held.uses === 0) return
    let cancel = (): void => {}
    await new Promise<void>((resolve) => {
      held.onUnused = resolve
      cancel = this.#deps.after(LAST_USE_MS, resolve)
    })
    cancel()
  }

  /** Log out first, give back then: until then nobody else may connect. */
  async #leave(id: string): Promise<void> {
    const held = this.#held.get(id)
    if (held === undefined || held.state === 'leaving') return
    held.state = 'leaving'
    await this.#unused(held)
    const host = this.#deps.hosts.get(held.stored.network)
    const connector = host?.connector
    if (host !== undefined && connector !== undefined && supports(connector, 'accounts')) {
      await host.ask(DISCONNECT_TIMEOUT_MS, () => connector.disconnectAccount(held.stored.id))
    }
    host?.board.forgetAccount(id)
    this.#held.delete(id)
    await this.#giveBack(id)
  }

  /**
   * On the condition that it is still ours: it may reach the bus after others took over. While nobody knows that it did, it counts as ours, to be
   * taken up or given back again.
   */
  async #giveBack(id: string): Promise<void> {
    const claim = this.#claims.get(id)
    if (claim?.incarnation !== this.#deps.self.incarnation || this.#claiming.has(id)) return
    this.#claiming.add(id)
    try {
      const value = Buffer.from(JSON.stringify({ replica: '', incarnation: NOBODY }))
      const revision = await this.#deps.kv.put(PREFIX + id, value, claim.revision)
      if (revision === undefined) return
      if (this.#claims.get(id) === claim) this.#claims.set(id, { replica: '', incarnation: NOBODY, revision })
      if (this.#deps.book.get(id) === undefined) await this.#deps.kv.delete(PREFIX + id)
    } catch {
      // the bus is away: the next look tries again
    } finally {
      this.#claiming.delete(id)
    }
  }
}

function readClaim(value: Uint8Array, revision: number): Claim | undefined {
  try {
    const { replica, incarnation } = JSON.parse(Buffer.from(value).toString()) as Claim
    return { replica, incarnation, revision }
  } catch {
    return undefined
  }
}
