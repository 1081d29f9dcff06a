import type { AccountId, BridgeConnector, ConnectorFactory, LinkedAccount, StateReport } from '@gatehouse/bridge-kit'
import { type Bus, type BusKv, createEmbeddedBus } from '@gatehouse/bus'
import { sentOutcome } from '@gatehouse/delivery'
import { silentLogger } from '@gatehouse/telemetry'
import { z } from 'zod'
import { AccountBook } from '../core/accounts/account-book.ts'
import { AccountKeeper } from '../core/accounts/account-keeper.ts'
import { Seal } from '../core/accounts/seal.ts'
import { NetworkHost, type Surroundings } from '../core/host/network-host.ts'
import { leaseTimings, type Member, MemberLease } from '../core/leases/member-lease.ts'

const KEY = new Uint8Array(32).fill(9)

/** The far side of an account network: who is logged in from where, and whether anybody ever was twice. */
export class ChatServer {
  readonly sessions = new Map<string, string[]>()
  readonly refused = new Set<string>()
  mostAtOnce = 0
  logins = 0

  login(account: string, replica: string): void {
    const from = [...(this.sessions.get(account) ?? []), replica]
    this.sessions.set(account, from)
    this.logins++
    this.mostAtOnce = Math.max(this.mostAtOnce, from.length)
  }

  logout(account: string, replica: string): void {
    this.sessions.set(
      account,
      (this.sessions.get(account) ?? []).filter((each) => each !== replica),
    )
  }

  /** A process that dies takes its connections with it. */
  died(replica: string): void {
    for (const account of this.sessions.keys()) this.logout(account, replica)
  }

  whereIs(account: string): string {
    return (this.sessions.get(account) ?? []).join('+')
  }
}

/** Several replicas of the account side of the bridge on one bus, with a clock that the test moves. */
export class LeaseWorld {
  readonly bus: Bus = createEmbeddedBus()
  readonly server = new ChatServer()
  nowMs = 1_000_000
  readonly #timers: { readonly everyMs: number; dueMs: number; readonly run: () => void; readonly replica: string }[] = []

  async replica(name: string): Promise<ReplicaOfAccounts> {
    const replica = new ReplicaOfAccounts(this, name, await this.bus.kv('leases'), await this.bus.kv('accounts'))
    await replica.start()
    return replica
  }

  every(replica: string, everyMs: number, run: () => void): () => void {
    const timer = { everyMs, dueMs: this.nowMs + everyMs, run, replica }
    this.#timers.push(timer)
    return () => void this.#timers.splice(this.#timers.indexOf(timer), 1)
  }

  /** The replica stands still: no timer of it runs any more. */
  freeze(replica: string): void {
    for (let at = this.#timers.length - 1; at >= 0; at--) if (this.#timers[at]?.replica === replica) this.#timers.splice(at, 1)
  }

  /** Lets time pass, in small steps with everything that follows from each. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms
    while (this.nowMs < untilMs) {
      this.nowMs += 100
      for (const timer of [...this.#timers]) {
        if (timer.dueMs > this.nowMs) continue
        timer.dueMs += timer.everyMs
        timer.run()
      }
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

export class ReplicaOfAccounts {
  readonly name: string
  readonly lease: MemberLease
  readonly book: AccountBook
  readonly keeper: AccountKeeper
  readonly host: NetworkHost
  /** Writes of this replica to the bucket of leases fail: it is cut off. */
  isCutOff = false
  /** What others wrote does not come, nor what it wrote itself, until `hear`; its writes go through. */
  isDeaf = false
  readonly #missed: (() => void)[] = []
  readonly #world: LeaseWorld

  constructor(world: LeaseWorld, name: string, leases: BusKv, accounts: BusKv) {
    this.#world = world
    this.name = name
    const nowMs = (): number => world.nowMs
    const every = (ms: number, run: () => void): (() => void) => world.every(name, ms, run)
    const self: Member = { replica: name, incarnation: `${name}-${world.nowMs}`, networks: ['chat'] }
    const kv = this.#cuttable(leases)
    this.lease = new MemberLease({ kv, self, log: silentLogger, nowMs, every, timings: leaseTimings })
    this.book = new AccountBook({ kv: accounts, seal: new Seal(KEY), nowMs })
    this.host = this.#makeHost(nowMs)
    const hosts = new Map([['chat', this.host]])
    this.keeper = new AccountKeeper({
      kv,
      self,
      lease: this.lease,
      book: this.book,
      hosts,
      log: silentLogger,
      nowMs,
      random: () => 0.5,
      every,
      after: (ms, run) => {
        const stop = every(ms, () => {
          stop()
          run()
        })
        return stop
      },
    })
  }

  async start(): Promise<void> {
    await this.host.start()
    await this.lease.start()
    await this.book.start()
    await this.keeper.start()
  }

  async stop(): Promise<void> {
    await this.keeper.stop()
    await this.lease.stop()
  }

  link(login: string): Promise<unknown> {
    const owner = { user: login, domain: 'contoso.example' }
    return this.book.add({ network: 'chat', owner, login, secret: 'secret', settings: {}, linkedBy: 'test' })
  }

  /** The watch goes on where it stood. */
  hear(): void {
    this.isDeaf = false
    for (const run of this.#missed.splice(0)) run()
  }

  /** As the connector tells when the connection of an account is lost. */
  lose(login: string): void {
    const account = this.book.all().find((each) => each.login === login)
    this.#world.server.logout(login, this.name)
    const report: StateReport = { account: account?.id, state: 'away', code: '', detail: 'lost' }
    this.host.board.report(report)
    this.keeper.reported(report)
  }

  #cuttable(kv: BusKv): BusKv {
    const cut = async <T>(run: () => Promise<T>): Promise<T> => {
      if (this.isCutOff) throw new Error('the bus is away')
      return await run()
    }
    return {
      get: (key) => cut(() => kv.get(key)),
      put: (key, value, revision) => cut(() => kv.put(key, value, revision)),
      delete: (key) => cut(() => kv.delete(key)),
      keys: () => cut(() => kv.keys()),
      watch: (onChange) =>
        kv.watch((key, value, revision) => {
          if (this.isDeaf) this.#missed.push(() => onChange(key, value, revision))
          else onChange(key, value, revision)
        }),
    }
  }

  #makeHost(nowMs: () => number): NetworkHost {
    return new NetworkHost({
      name: 'chat',
      factory: chatConnector(this.#world.server, this.name),
      config: {},
      limits: { maxOpenReceives: 10, maxOpenSends: 10, maxConnections: 10, maxTextBytes: 1_000 },
      log: silentLogger,
      nowMs,
      random: () => 0.5,
      surroundings: () => ({ close: () => {} }) as unknown as Surroundings,
      receive: () => Promise.reject(new Error('nothing is received here')),
      stateChanged: () => {},
      failed: () => {},
    })
  }
}

function chatConnector(server: ChatServer, replica: string): ConnectorFactory {
  const logins = new Map<AccountId, string>()
  const create = (): BridgeConnector => {
    const connector = {
      info: { protocol: 'chat', kind: 'accounts', domains: ['chat.example'], capabilities: {} as never } as const,
      addressing: { toNetwork: () => undefined, fromNetwork: () => undefined },
      start: async () => {},
      stop: async () => {},
      send: async () => sentOutcome(),
      connectAccount: async (account: LinkedAccount): Promise<StateReport> => {
        if (server.refused.has(account.login) || account.secret() !== 'secret') {
          return { account: account.id, state: 'refused', code: 'GH-TEST-REFUSED', detail: '' }
        }
        logins.set(account.id, account.login)
        server.login(account.login, replica)
        return { account: account.id, state: 'connected', code: '', detail: '' }
      },
      disconnectAccount: async (id: AccountId): Promise<void> => {
        const login = logins.get(id)
        logins.delete(id)
        if (login !== undefined) server.logout(login, replica)
      },
    }
    return connector
  }
  return { protocol: 'chat', config: z.unknown(), codes: {}, create }
}
