import { type Bus, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { failedFacts, type UserFacts } from '@gatehouse/policy-engine'
import { decodeFactsResponse, encodeFactsRequest, MAX_FACTS_PER_REQUEST } from './facts-message.ts'
import { type Recent, RecentUsers } from './recent-users.ts'

export interface FactsCacheOptions {
  /** Users kept; the one not asked for longest goes first. */
  readonly maxEntries: number
  /** Facts are asked for again after this, in case an invalidation was lost. */
  readonly refreshMs: number
  /** The same for users that nobody knows: they may be imported any moment, and anybody may invent one. */
  readonly unknownMs: number
  /** With the policy service away facts count this long after they were fetched; 0: for ever. */
  readonly maxStalenessMs: number
  /** Longest wait for an answer. */
  readonly timeoutMs: number
  /** After a failure nobody is asked for so long: messages must not queue up behind a service that is away. */
  readonly retryMs: number
  /** Requests under way, and users waiting for one. */
  readonly maxInFlight: number
  readonly maxWaiting: number
}

export const defaultFactsCacheOptions: FactsCacheOptions = Object.freeze({
  // about 1 kB each with a few contacts: 100 MB at worst for the users that are active at a time
  maxEntries: 100_000,
  refreshMs: 300_000,
  unknownMs: 30_000,
  maxStalenessMs: 900_000,
  timeoutMs: 2_000,
  retryMs: 1_000,
  maxInFlight: 32,
  maxWaiting: 50_000,
})

export interface FactsCacheDeps {
  readonly bus: Bus
  readonly nowMs: () => number
  /** Runs later in this turn or the next: misses until then share one request. */
  readonly defer: (run: () => void) => void
}

/** Facts, and when to ask for them again: one object, as a million of them are looked up in no order. */
interface Entry extends UserFacts, Recent {
  /** When the answer came, in milliseconds of the cache's own time, which stay small numbers. */
  readonly sinceMs: number
  /** From then on it is asked for again. */
  dueMs: number
}

type OnFacts = (facts: UserFacts) => void

/**
 * Facts about users at the edge: fetched over the bus on first need, one request for all who wait, dropped when the policy service
 * says that they changed. While it is away what is cached goes on until `maxStalenessMs`; who is not cached gets `failed`.
 */
export class FactsCache {
  readonly #deps: FactsCacheDeps
  readonly #options: FactsCacheOptions
  readonly #entries: RecentUsers<Entry>
  readonly #waiting = new Map<string, OnFacts[]>()
  readonly #queue: string[] = []
  /** Users invalidated while their answer was on its way: that answer may be the old one. */
  readonly #overtaken = new Set<string>()
  readonly #madeMs: number
  #inFlight = 0
  #isDeferred = false
  #awayUntilMs = Number.NEGATIVE_INFINITY
  #problem = ''
  #subscription: BusSubscription | undefined
  #isConnected: boolean

  constructor(deps: FactsCacheDeps, options: Partial<FactsCacheOptions> = {}) {
    this.#deps = deps
    this.#madeMs = deps.nowMs()
    this.#options = { ...defaultFactsCacheOptions, ...options }
    this.#entries = new RecentUsers(this.#options.maxEntries)
    this.#isConnected = deps.bus.status().isConnected
  }

  async start(): Promise<void> {
    const { bus } = this.#deps
    this.#subscription = await bus.subscribe(busSubjects.factsChanged.name, (message) => this.#changed(message.data))
    bus.onStatus(({ isConnected }) => {
      // whatever was published meanwhile is lost
      if (isConnected && !this.#isConnected) this.#expireAll()
      this.#isConnected = isConnected
    })
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    this.#subscription = undefined
  }

  get size(): number {
    return this.#entries.size
  }

  /** What is known now; undefined: look it up first. */
  facts(user: string): UserFacts | undefined {
    const entry = this.#entries.get(user)
    if (entry === undefined) return undefined
    const nowMs = this.#nowMs()
    if (nowMs >= entry.dueMs && !this.#mayServeStale(entry, nowMs)) return undefined
    entry.isUsed = true
    return entry
  }

  /** Calls back once, never inside this call. */
  lookupFacts(user: string, onDone: OnFacts): void {
    const waiting = this.#waiting.get(user)
    if (waiting !== undefined) {
      waiting.push(onDone)
      return
    }
    if (this.#nowMs() < this.#awayUntilMs) {
      this.#deps.defer(() => onDone(this.#staleOr(user, this.#problem)))
      return
    }
    if (this.#waiting.size >= this.#options.maxWaiting) {
      this.#deps.defer(() => onDone(failedFacts('too many lookups wait')))
      return
    }
    this.#waiting.set(user, [onDone])
    this.#queue.push(user)
    this.#pump()
  }

  /** Forgets one user, or with `*` all. */
  drop(user: string): void {
    if (user === '*') {
      this.#entries.clear()
      for (const one of this.#waiting.keys()) this.#overtaken.add(one)
      return
    }
    this.#entries.delete(user)
    if (this.#waiting.has(user)) this.#overtaken.add(user)
  }

  /** Since the cache was made. */
  #nowMs(): number {
    return this.#deps.nowMs() - this.#madeMs
  }

  #pump(): void {
    if (this.#isDeferred || this.#queue.length === 0 || this.#inFlight >= this.#options.maxInFlight) return
    this.#isDeferred = true
    this.#deps.defer(() => {
      this.#isDeferred = false
      while (this.#queue.length > 0 && this.#inFlight < this.#options.maxInFlight) this.#ask(this.#queue.splice(0, MAX_FACTS_PER_REQUEST))
    })
  }

  #ask(users: readonly string[]): void {
    this.#inFlight++
    for (const user of users) this.#overtaken.delete(user)
    this.#deps.bus.request(busSubjects.factsGet.name, encodeFactsRequest(users), this.#options.timeoutMs, (reply) => {
      this.#inFlight--
      const answers = reply.ok ? decodeFactsResponse(reply.data) : undefined
      if (answers === undefined) this.#failed(users, reply.ok ? 'the answer cannot be read' : `${reply.why}: ${reply.detail}`)
      else this.#answered(users, new Map(answers.map(({ user, facts }) => [user, facts])))
      this.#pump()
    })
  }

  #answered(users: readonly string[], answers: ReadonlyMap<string, UserFacts>): void {
    this.#awayUntilMs = Number.NEGATIVE_INFINITY
    const nowMs = this.#nowMs()
    for (const user of users) {
      const facts = answers.get(user)
      if (facts !== undefined && this.#overtaken.delete(user)) {
        // asked again, so that nobody is judged by what was true before the change
        this.#queue.push(user)
        continue
      }
      if (facts !== undefined) this.#keep(user, facts, nowMs)
      this.#settle(user, facts ?? failedFacts('the answer leaves the user out'))
    }
  }

  #failed(users: readonly string[], problem: string): void {
    this.#problem = problem
    this.#awayUntilMs = this.#nowMs() + this.#options.retryMs
    for (const user of [...users, ...this.#queue.splice(0)]) {
      this.#overtaken.delete(user)
      this.#settle(user, this.#staleOr(user, problem))
    }
  }

  #keep(user: string, facts: UserFacts, nowMs: number): void {
    const { refreshMs, unknownMs } = this.#options
    const dueMs = nowMs + (facts.status === 'known' ? refreshMs : unknownMs)
    // what every decision reads stands together: of a million users no one's is in the processor's cache
    this.#entries.set(user, {
      dueMs,
      isUsed: false,
      memo: undefined,
      status: facts.status,
      contacts: facts.contacts,
      safeList: facts.safeList,
      detail: facts.detail,
      rights: facts.rights,
      groups: facts.groups,
      sinceMs: nowMs,
    })
  }

  #settle(user: string, facts: UserFacts): void {
    const waiting = this.#waiting.get(user)
    this.#waiting.delete(user)
    for (const onDone of waiting ?? []) onDone(facts)
  }

  #staleOr(user: string, problem: string): UserFacts {
    const entry = this.#entries.get(user)
    return entry !== undefined && this.#isUsable(entry, this.#nowMs()) ? entry : failedFacts(problem)
  }

  #mayServeStale(entry: Entry, nowMs: number): boolean {
    return nowMs < this.#awayUntilMs && this.#isUsable(entry, nowMs)
  }

  #isUsable(entry: Entry, nowMs: number): boolean {
    const { maxStalenessMs } = this.#options
    return maxStalenessMs === 0 || nowMs - entry.sinceMs <= maxStalenessMs
  }

  #expireAll(): void {
    for (const entry of this.#entries.values()) entry.dueMs = Number.MIN_SAFE_INTEGER
    for (const user of this.#waiting.keys()) this.#overtaken.add(user)
  }

  /** `{"users": [...]}`; what cannot be read drops everything, as somebody meant to drop something. */
  #changed(data: Uint8Array): void {
    for (const user of changedUsers(data)) this.drop(user)
  }
}

/** What the policy service publishes when facts change. */
export function encodeFactsChanged(users: readonly string[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ users }))
}

function changedUsers(data: Uint8Array): readonly string[] {
  try {
    const { users } = JSON.parse(new TextDecoder().decode(data)) as { users?: unknown }
    if (Array.isArray(users) && users.every((user) => typeof user === 'string')) return users
  } catch {
    // falls through: unreadable
  }
  return ['*']
}
