import type { PulledWork, Work, WorkQueue } from '@gatehouse/bus'
import { type CodeEntry, messageOf } from '@gatehouse/errors'
import { backOffMs } from './back-off.ts'
import { type OutboxCode, outboxCodes } from './errors.ts'
import { decodeItem, type OutboxItem } from './outbox-item.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { Attempt, OutboxEnd, OutboxPort } from './outbox-port.ts'
import { WaitingKeys } from './waiting-keys.ts'

export interface OutboxLog {
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
}

export interface LaneDeps {
  readonly queue: WorkQueue
  readonly port: OutboxPort
  readonly options: OutboxOptions
  readonly log: OutboxLog
  readonly nowMs: () => number
  readonly random: () => number
  /** The result cancels. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  readonly onEnd: (result: OutboxEnd['result']) => void
}

/** Expired messages are looked for among so many of the oldest. */
const EXPIRY_PAGE = 50
/** And at least so often, since one that was put later may expire earlier. */
const EXPIRY_LOOK_MS = 30_000
const INSIST_MS = 1_000

/**
 * Works on one destination: while it is away one attempt after each back-off, by one message; when it is back more and more at once.
 * Of each conversation one message at a time, in the order they were accepted.
 */
export class OutboxLane {
  readonly name: string
  readonly waiting: WaitingKeys = new WaitingKeys()
  readonly #deps: LaneDeps
  readonly #inHand = new Map<number, string>()
  /** Of which an attempt may have arrived, and which are tried again all the same. */
  readonly #unsure = new Set<number>()
  /** Attempts allowed at once: 1 until one succeeds, then doubling. */
  #window = 1
  #nextExpiryLookMs = 0
  #isPumping = false
  #isPumpDue = false
  #isStopped = false
  #cancelTimer: (() => void) | undefined
  #onIdle: (() => void) | undefined
  failures = 0
  nextAttemptAtMs = 0
  detail = ''

  constructor(name: string, deps: LaneDeps) {
    this.name = name
    this.#deps = deps
  }

  get inHand(): number {
    return this.#inHand.size
  }

  /** Nothing waits, nothing is planned: it can be forgotten. */
  get isIdle(): boolean {
    return this.waiting.isEmpty && this.#inHand.size === 0 && !this.#isPumping
  }

  isInHand(id: string): boolean {
    for (const held of this.#inHand.values()) if (held === id) return true
    return false
  }

  /** A message was put that may not wait for longer than this. */
  expect(expiresAtMs: number): void {
    this.#nextExpiryLookMs = Math.min(this.#nextExpiryLookMs, expiresAtMs)
  }

  /** Something was put, or may have become possible. */
  look(): void {
    if (this.#isStopped) return
    this.#isPumpDue = true
    if (!this.#isPumping) void this.#pump()
  }

  /** The destination showed a sign of life, or an operator wants it tried: the rest of the back-off is let go. */
  nudge(): void {
    this.nextAttemptAtMs = 0
    this.look()
  }

  /** Pulls nothing more; resolves when what is in hand is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer?.()
    if (this.#inHand.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  async #pump(): Promise<void> {
    this.#isPumping = true
    while (this.#isPumpDue && !this.#isStopped) {
      this.#isPumpDue = false
      try {
        await this.#pullOnce()
      } catch (thrown) {
        this.#deps.log.warn({ destination: this.name, detail: messageOf(thrown) }, 'the outbox cannot be read')
      }
    }
    this.#isPumping = false
    if (!this.#isStopped) this.#plan()
  }

  async #pullOnce(): Promise<void> {
    const { queue, options, nowMs } = this.#deps
    if (nowMs() < this.nextAttemptAtMs) return this.#endExpired()
    const room = this.#window - this.#inHand.size
    if (room <= 0) return
    const pulled = await queue.pull(this.name, room, options.visibilityMs)
    // Work in hand is never taken a second time, whatever a clock that jumped says.
    for (const work of pulled) if (!this.#inHand.has(work.position)) void this.#work(work)
    if (pulled.length === 0 && this.#inHand.size === 0) await this.#recount()
  }

  async #work(work: PulledWork): Promise<void> {
    const item = decodeItem(work)
    this.#inHand.set(work.position, item?.id ?? work.id)
    try {
      if (item === undefined) await this.#giveUpUnread(work)
      else if (work.isInterrupted && item.uncertain === 'fail') await this.#end(work, item, endOf('failed', 'GH-OUTBOX-UNCERTAIN'))
      else if (item.expiresAtMs <= this.#deps.nowMs()) {
        const isCertain = !work.isInterrupted && !this.#unsure.has(work.position)
        await this.#end(work, item, { ...endOf('expired', 'GH-OUTBOX-EXPIRED'), isCertain })
      } else await this.#attempt(work, item)
    } finally {
      this.#inHand.delete(work.position)
      if (this.#inHand.size === 0) this.#onIdle?.()
      this.look()
    }
  }

  async #attempt(work: PulledWork, item: OutboxItem): Promise<void> {
    const { outcome, holdsUp } = await this.#deps.port.deliver(item)
    if (outcome.status !== 'failed') {
      this.#succeeded()
      const detail = outcome.detail
      return await this.#end(work, item, { ...endOf('delivered', 'GH-OUTBOX-DELIVERED'), detail, sipStatus: outcome.sipStatus })
    }
    if (!outcome.isCertain) return await this.#takeUncertain(work, item, outcome)
    if (holdsUp === 'nothing') {
      this.#succeeded() // it answered, so it is there
      const { code, detail, sipStatus } = outcome
      return await this.#end(work, item, { result: 'failed', code, detail, sipStatus, isCertain: true })
    }
    if (holdsUp === 'destination') this.#failed(`${outcome.code} ${outcome.detail}`)
    const { backOffBaseMs, backOffCapMs } = this.#deps.options
    await this.#giveBack(work, holdsUp === 'destination' ? 0 : backOffMs(work.attempts, backOffBaseMs, backOffCapMs, this.#deps.random))
  }

  async #takeUncertain(work: PulledWork, item: OutboxItem, outcome: Attempt['outcome']): Promise<void> {
    this.#failed(`${outcome.code} ${outcome.detail}`)
    if (item.uncertain === 'retry') {
      this.#unsure.add(work.position)
      return await this.#giveBack(work, 0)
    }
    await this.#end(work, item, { ...endOf('failed', 'GH-OUTBOX-UNCERTAIN'), detail: outcome.detail })
  }

  /** The order matters: what is on record and told can be told again after a crash, what is taken out cannot. */
  async #end(work: PulledWork, item: OutboxItem, end: OutboxEnd): Promise<void> {
    if (!(await this.#insist(() => this.#deps.port.ended(item, end)))) return
    const isTaken = await this.#insist(async () => this.waiting.done(work.key, await this.#deps.queue.ack(work)))
    if (!isTaken) return
    this.#unsure.delete(work.position)
    this.#deps.onEnd(end.result)
    if (end.result !== 'delivered') {
      const facts = { code: end.code, destination: this.name, from: item.from, to: item.to, id: item.id, detail: end.detail }
      this.#deps.log.warn(facts, 'a message that waited was given up')
    }
  }

  /** Nobody can be told of it: not even whose it was. It stays, and its conversation with it, until somebody takes it out. */
  async #giveUpUnread(work: PulledWork): Promise<void> {
    this.#deps.log.warn({ code: 'GH-OUTBOX-UNREADABLE' satisfies OutboxCode, destination: this.name, id: work.id }, 'outbox')
    await this.#giveBack(work, this.#deps.options.backOffCapMs)
  }

  async #giveBack(work: PulledWork, afterMs: number): Promise<void> {
    await this.#insist(() => this.#deps.queue.retry(work, Math.max(0, afterMs)))
  }

  /**
   * Does it until it is done: with a bus that is away, what came of an attempt must not be forgotten, or it would be repeated. False: the
   * outbox was stopped meanwhile; the work stays pulled and counts as interrupted.
   */
  async #insist(run: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await run()
        return true
      } catch (thrown) {
        this.#deps.log.warn({ destination: this.name, detail: messageOf(thrown) }, 'the outbox cannot be written')
        if (this.#isStopped) return false
        await new Promise<void>((resolve) => void this.#deps.setTimer(resolve, INSIST_MS))
      }
    }
  }

  /** While nothing is tried, what is too old has to be told all the same. */
  async #endExpired(): Promise<void> {
    const { queue, options, nowMs } = this.#deps
    if (this.#inHand.size > 0 || nowMs() < this.#nextExpiryLookMs) return
    const expiryOf = (work: Pick<Work, 'lane' | 'key' | 'data'>): number => decodeItem(work)?.expiresAtMs ?? Number.POSITIVE_INFINITY
    const isExpired = (work: Work): boolean => expiryOf(work) <= nowMs()
    const oldest = await queue.list(this.name, 0, EXPIRY_PAGE)
    if (!oldest.some(isExpired)) {
      this.#nextExpiryLookMs = Math.min(nowMs() + EXPIRY_LOOK_MS, ...oldest.map(expiryOf))
      return
    }
    for (const work of await queue.pull(this.name, EXPIRY_PAGE, options.visibilityMs)) {
      if (isExpired(work)) void this.#work(work)
      // Told apart from a broken attempt: it is not tried here, and an interrupted one stays one.
      else if (work.isInterrupted) void this.#work(work)
      else await queue.retry(work, 0)
    }
  }

  #succeeded(): void {
    this.failures = 0
    this.nextAttemptAtMs = 0
    this.detail = ''
    this.#window = Math.min(this.#deps.options.maxAttempts, this.#window * 2)
  }

  #failed(detail: string): void {
    const { options, nowMs, random, log } = this.#deps
    // Attempts that were under way together fail together, and count once.
    const isFirst = nowMs() >= this.nextAttemptAtMs
    this.detail = detail
    this.#window = 1
    if (!isFirst) return
    this.failures++
    this.nextAttemptAtMs = nowMs() + backOffMs(this.failures, options.backOffBaseMs, options.backOffCapMs, random)
    const retryInMs = Math.round(this.nextAttemptAtMs - nowMs())
    log.info({ destination: this.name, failures: this.failures, retryInMs, detail }, 'destination is away still')
  }

  /** Another replica may have done what this one believed to be waiting. */
  async #recount(): Promise<void> {
    const { changes } = this.waiting
    const state = (await this.#deps.queue.lanes()).find(({ lane }) => lane === this.name)
    if (this.waiting.changes !== changes) return
    if (state === undefined) this.waiting.clear()
    else this.waiting.stored = state.count
  }

  #plan(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.waiting.isEmpty && this.#inHand.size === 0) return
    const { options, nowMs, setTimer } = this.#deps
    const untilAttemptMs = this.nextAttemptAtMs - nowMs()
    const delayMs = untilAttemptMs > 0 ? Math.min(untilAttemptMs, options.lookMs) : options.lookMs
    this.#cancelTimer = setTimer(() => this.look(), Math.max(1, delayMs))
  }
}

function endOf(result: OutboxEnd['result'], code: OutboxCode): OutboxEnd {
  const entry: CodeEntry = outboxCodes[code]
  return { result, code, detail: entry.summary, sipStatus: entry.sip ?? 500, isCertain: code !== 'GH-OUTBOX-UNCERTAIN' }
}
