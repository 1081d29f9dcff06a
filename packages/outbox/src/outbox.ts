import type { WorkQueue } from '@gatehouse/bus'
import { type CodeEntry, messageOf } from '@gatehouse/errors'
import { type OutboxCode, outboxCodes } from './errors.ts'
import { decodeItem, encodeItem, type OutboxItem } from './outbox-item.ts'
import { type LaneDeps, OutboxLane, type OutboxLog } from './outbox-lane.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { OutboxEnd, OutboxPort } from './outbox-port.ts'

/** Whether a message was taken. */
export type OutboxTaken =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly code: OutboxCode
      readonly detail: string
      readonly sipStatus: number
      /** False: it may lie in the outbox all the same. */
      readonly isCertain: boolean
    }

export interface OutboxDeps {
  readonly queue: WorkQueue
  readonly port: OutboxPort
  readonly options: OutboxOptions
  readonly log: OutboxLog
  readonly nowMs: () => number
  readonly random: () => number
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  readonly count: (what: 'taken' | 'refused' | OutboxEnd['result']) => void
}

/** One destination as operators see it. */
export interface DestinationState {
  readonly destination: string
  readonly waiting: number
  readonly oldestAtMs: number
  readonly state: 'away' | 'delivering' | 'waiting'
  readonly failures: number
  /** 0: nothing is planned. */
  readonly nextAttemptAtMs: number
  readonly detail: string
}

export interface ListedItem extends OutboxItem {
  readonly attempts: number
  readonly position: number
}

const PAGE = 500

/** The messages of one port that wait for destinations that are away. Shared by all replicas through the work queue. */
export class Outbox {
  readonly #deps: OutboxDeps
  readonly #lanes = new Map<string, OutboxLane>()
  #stopListening: () => Promise<void> = async () => {}
  #cancelLook: () => void = () => {}

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  get port(): string {
    return this.#deps.port.name
  }

  /** Learns what waits, then begins to deliver. Until it resolves, nothing may be sent past the outbox. */
  async start(): Promise<void> {
    const listening = await this.#deps.queue.onPut((lane, key) => this.#heard(lane, key))
    this.#stopListening = () => listening.stop()
    for (const { lane, count } of await this.#deps.queue.lanes()) {
      const state = this.#laneOf(lane)
      for await (const { conversation } of this.#read(lane)) state.waiting.note(conversation)
      state.waiting.stored = count
    }
    for (const lane of this.#lanes.values()) lane.look()
    this.#lookAround()
  }

  /** Learns of what was put while this replica could not hear of it. */
  async catchUp(): Promise<void> {
    try {
      for (const { lane, count } of await this.#deps.queue.lanes()) {
        const state = this.#laneOf(lane)
        if (count > state.waiting.count) for await (const { conversation } of this.#read(lane)) state.waiting.note(conversation)
        state.waiting.stored = count
        state.look()
      }
      for (const [name, lane] of this.#lanes) if (lane.isIdle) this.#lanes.delete(name)
    } catch (thrown) {
      this.#deps.log.warn({ detail: messageOf(thrown) }, 'the outbox cannot be read')
    }
  }

  async stop(): Promise<void> {
    this.#cancelLook()
    await this.#stopListening()
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()))
  }

  /** Takes a message; `onTaken` is called exactly once, perhaps before this returns. `ok`: it will be delivered, or its sender told. */
  put(item: OutboxItem, onTaken: (taken: OutboxTaken) => void): void {
    const { queue, options, count } = this.#deps
    const lane = this.#laneOf(item.destination)
    if (lane.waiting.count >= options.maxPerDestination) {
      count('refused')
      return onTaken(refusal('GH-OUTBOX-FULL', `${lane.waiting.count} wait for ${item.destination}.`))
    }
    lane.waiting.putBegan(item.conversation)
    const work = { id: item.id, lane: item.destination, key: item.conversation, data: encodeItem(item) }
    queue.put(work, (outcome) => {
      lane.waiting.putEnded(item.conversation, outcome.ok && !outcome.isDuplicate)
      count(outcome.ok ? 'taken' : 'refused')
      if (outcome.ok) {
        onTaken({ ok: true })
        lane.expect(item.expiresAtMs)
        lane.look()
      } else onTaken({ ...refusal('GH-OUTBOX-AWAY', `${outcome.code}: ${outcome.detail}`), isCertain: outcome.isCertain })
    })
  }

  /** Something waits for this destination; cheap, for the way of every message. */
  holdsAny(destination: string): boolean {
    return this.#lanes.size > 0 && this.#lanes.get(destination)?.waiting.isEmpty === false
  }

  /** True: a message of this conversation waits, and the next one has to wait behind it. */
  isWaiting(destination: string, conversation: string): boolean {
    return this.#lanes.get(destination)?.waiting.has(conversation) === true
  }

  /** The destination showed a sign of life. */
  nudge(destination: string): void {
    const lane = this.#lanes.get(destination)
    if (lane !== undefined && lane.failures > 0) lane.nudge()
  }

  /** Messages that wait, as far as this replica knows. */
  depth(): { readonly messages: number; readonly destinations: number } {
    const busy = [...this.#lanes.values()].filter((lane) => !lane.waiting.isEmpty)
    return { messages: busy.reduce((sum, lane) => sum + lane.waiting.count, 0), destinations: busy.length }
  }

  async destinations(): Promise<readonly DestinationState[]> {
    return (await this.#deps.queue.lanes()).map(({ lane: destination, count, oldestPutAtMs }) => {
      const lane = this.#lanes.get(destination)
      const isAway = (lane?.failures ?? 0) > 0
      return {
        destination,
        waiting: count,
        oldestAtMs: oldestPutAtMs,
        state: isAway ? 'away' : (lane?.inHand ?? 0) > 0 ? 'delivering' : 'waiting',
        failures: lane?.failures ?? 0,
        nextAttemptAtMs: isAway ? (lane?.nextAttemptAtMs ?? 0) : 0,
        detail: lane?.detail ?? '',
      }
    })
  }

  /** The oldest first. */
  async messages(destination: string, max: number): Promise<readonly ListedItem[]> {
    const items: ListedItem[] = []
    for await (const item of this.#read(destination)) {
      if (items.length >= max) break
      items.push(item)
    }
    return items
  }

  /** Tries at once. Empty: every destination. Gives those that had something. */
  async retry(destination: string): Promise<readonly string[]> {
    const lanes = (await this.#deps.queue.lanes()).filter(({ lane }) => destination === '' || lane === destination)
    for (const { lane } of lanes) {
      await this.#deps.queue.wake(lane)
      this.#deps.port.wake?.(lane)
      this.#laneOf(lane).nudge()
    }
    return lanes.map(({ lane }) => lane)
  }

  /** Gives messages up and tells their senders. What is being delivered at this moment is left alone. */
  async drop(destination: string, ids: readonly string[]): Promise<{ readonly dropped: number; readonly busy: number }> {
    const lane = this.#laneOf(destination)
    const entry: CodeEntry = outboxCodes['GH-OUTBOX-DROPPED']
    const end = {
      result: 'dropped',
      code: 'GH-OUTBOX-DROPPED',
      detail: entry.summary,
      sipStatus: entry.sip ?? 480,
      isCertain: true,
    } as const
    let dropped = 0
    let busy = 0
    for (const item of await this.messages(destination, Number.POSITIVE_INFINITY)) {
      if (ids.length > 0 && !ids.includes(item.id)) continue
      if (lane.isInHand(item.id)) {
        busy++
        continue
      }
      await this.#deps.port.ended(item, end)
      const isLast = await this.#deps.queue.ack({ lane: destination, key: item.conversation, position: item.position })
      lane.waiting.done(item.conversation, isLast)
      this.#deps.count('dropped')
      dropped++
    }
    return { dropped, busy }
  }

  async *#read(destination: string): AsyncGenerator<ListedItem> {
    let last = 0
    for (;;) {
      const page = await this.#deps.queue.list(destination, last, PAGE)
      for (const work of page) {
        const item = decodeItem(work) ?? unreadable(work)
        yield { ...item, attempts: work.attempts, position: work.position }
      }
      if (page.length < PAGE) return
      last = page.at(-1)!.position
    }
  }

  #heard(destination: string, conversation: string): void {
    const lane = this.#laneOf(destination)
    lane.waiting.note(conversation)
    lane.look()
  }

  /** Hints may be lost while the bus is away. */
  #lookAround(): void {
    this.#cancelLook = this.#deps.setTimer(() => void this.catchUp().finally(() => this.#lookAround()), this.#deps.options.lookMs * 5)
  }

  #laneOf(destination: string): OutboxLane {
    let lane = this.#lanes.get(destination)
    if (lane === undefined) {
      const { count, ...deps } = this.#deps
      lane = new OutboxLane(destination, { ...deps, onEnd: (result) => count(result) } satisfies LaneDeps)
      this.#lanes.set(destination, lane)
    }
    return lane
  }
}

function unreadable(work: { id: string; lane: string; key: string; putAtMs: number }): OutboxItem {
  const unknown = { from: '', to: '', expiresAtMs: 0, uncertain: 'fail', payload: new Uint8Array() } as const
  return { ...unknown, id: work.id, destination: work.lane, conversation: work.key, acceptedAtMs: work.putAtMs }
}

function refusal(code: OutboxCode, detail: string): Extract<OutboxTaken, { ok: false }> {
  const entry: CodeEntry = outboxCodes[code]
  return { ok: false, code, detail: `${entry.summary} ${detail}`, sipStatus: entry.sip ?? 503, isCertain: true }
}
