import type { BusKv, BusSubscription } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { Logger } from '@gatehouse/telemetry'
import { keyWord } from '../accounts/bucket-keys.ts'
import { RecentMap } from '../recent-map.ts'
import { PagesRead, SeenPage } from './seen-page.ts'

/** Marks in one entry of the bucket: 5.5 kB. A write carries half of it in the middle. */
const PAGE = 256
/** Entries of one replica; the oldest is written over. With `PAGE` 131,072 marks, some ten minutes of 200 a second, or a day of 1.5. */
const PAGES = 512
/** Marks in memory, those of all replicas. */
const MOST = 400_000
const LONGEST_MS = 24 * 60 * 60_000
/** Marks of so long go in one write. */
const GATHER_MS = 5
/** Writes that are not answered yet; further marks wait for the first of them. */
const MOST_WRITES = 4
/** The bus being away does not hold up answers for longer. */
const PATIENCE_MS = 1_000

export interface SeenLedgerDeps {
  readonly kv: BusKv
  readonly replica: string
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  readonly log: Logger
}

/**
 * Which events of networks were dealt with, in a bucket that all replicas read: what one answered for, none takes in again, not after a restart
 * either. Written in pages, so that a mark costs a share of a write. Bounded: the oldest marks go first.
 */
export class SeenLedger {
  readonly #deps: SeenLedgerDeps
  readonly #prefix: string
  readonly #seen = new RecentMap<number>({ most: MOST, lifetimeMs: LONGEST_MS })
  /** Of the page that is being filled. */
  #page = new SeenPage(PAGE)
  #at = 0
  readonly #read = new PagesRead()
  #waiting: (() => void)[] = []
  #newestOwnMs = 0
  #isPlanned = false
  #writes = 0
  #isAway = false
  #subscription: BusSubscription | undefined

  constructor(deps: SeenLedgerDeps) {
    this.#deps = deps
    this.#prefix = `${keyWord(deps.replica)}.`
  }

  /** Resolves when it knows what was kept. */
  async start(): Promise<void> {
    const { kv } = this.#deps
    this.#subscription = await kv.watch((key, value) => this.#noticed(key, value))
    // a watch tells what is there on later turns; nothing may be taken in before it is known
    const pages = await Promise.all((await kv.keys()).map(async (key) => [key, (await kv.get(key))?.value] as const))
    for (const [key, value] of pages) this.#noticed(key, value)
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    if (this.#waiting.length > 0) await this.#write()
  }

  /** `key`: 22 characters. */
  has(key: string, withinMs: number): boolean {
    const nowMs = this.#deps.nowMs()
    const atMs = this.#seen.get(key, nowMs)
    return atMs !== undefined && nowMs - atMs < withinMs
  }

  /** Resolves when a replica that takes over would know it; when that cannot be had, after a while all the same. */
  add(key: string): Promise<void> {
    const atMs = this.#deps.nowMs()
    this.#seen.set(key, atMs, atMs)
    if (this.#page.isFull) this.#turn()
    this.#page.add({ key, atMs })
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#plan()
    })
  }

  #plan(): void {
    if (this.#isPlanned || this.#writes >= MOST_WRITES) return
    this.#isPlanned = true
    this.#deps.after(GATHER_MS, () => {
      this.#isPlanned = false
      if (this.#waiting.length > 0) void this.#write()
    })
  }

  async #write(): Promise<void> {
    const waiting = this.#waiting.splice(0)
    const { kv, log, after } = this.#deps
    const [page, at] = [this.#page, this.#at]
    const cancel = after(PATIENCE_MS, () => {
      for (const resolve of waiting.splice(0)) resolve()
    })
    this.#writes++
    try {
      await kv.put(this.#prefix + at, page.bytes())
      this.#isAway = false
    } catch (thrown) {
      if (!this.#isAway) log.warn({ detail: messageOf(thrown) }, 'what was taken in cannot be noted: a restart now may repeat messages')
      this.#isAway = true
    }
    cancel()
    this.#writes--
    for (const resolve of waiting) resolve()
    if (this.#waiting.length > 0) this.#plan()
  }

  /** The next page; what of this one is not written yet goes at once. */
  #turn(): void {
    if (this.#waiting.length > 0) void this.#write()
    this.#page = new SeenPage(PAGE)
    this.#at = (this.#at + 1) % PAGES
  }

  #noticed(key: string, value: Uint8Array | undefined): void {
    const isOwn = key.startsWith(this.#prefix)
    // what it writes itself it knows
    if (value === undefined || (isOwn && !this.#page.isEmpty)) return
    for (const { key: seen, atMs } of this.#read.news(key, value)) {
      if (this.#seen.get(seen, atMs) === undefined) this.#seen.set(seen, atMs, atMs)
      if (!isOwn || atMs < this.#newestOwnMs) continue
      this.#newestOwnMs = atMs
      this.#at = (Number(key.slice(this.#prefix.length)) + 1) % PAGES
    }
  }
}
