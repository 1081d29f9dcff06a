import { create } from '@bufbuild/protobuf'
import type { Bus } from '@gatehouse/bus'
import {
  type DropOutboxRequest,
  type DropOutboxResponse,
  DropOutboxResponseSchema,
  type ListOutboxRequest,
  type ListOutboxResponse,
  ListOutboxResponseSchema,
  type RetryOutboxRequest,
  type RetryOutboxResponse,
  RetryOutboxResponseSchema,
} from '@gatehouse/proto'
import type { MetricsRegistry } from '@gatehouse/telemetry'
import { outboxMetrics } from './metrics.ts'
import { Outbox } from './outbox.ts'
import type { OutboxLog } from './outbox-lane.ts'
import { defaultOutboxOptions, type OutboxOptions } from './outbox-options.ts'
import type { OutboxPort } from './outbox-port.ts'

export interface OutboxesDeps {
  readonly bus: Bus
  readonly metrics: MetricsRegistry
  readonly log: OutboxLog
  readonly options?: Partial<OutboxOptions>
  readonly nowMs?: () => number
  readonly random?: () => number
  readonly setTimer?: (run: () => void, delayMs: number) => () => void
}

const MAX_LISTED = 10_000
/** The age of the oldest message is asked for so often, not at each scrape. */
const AGE_POLL_MS = 10_000

/** All outboxes of one process, one per port: made, counted and shown together. */
export class Outboxes {
  readonly #deps: OutboxesDeps
  readonly #outboxes: Outbox[] = []
  readonly #oldestAtMs = new Map<string, number>()
  readonly #count: (port: string, result: string) => void
  readonly #nowMs: () => number
  readonly #setTimer: (run: () => void, delayMs: number) => () => void
  #cancelPoll: (() => void) | undefined

  constructor(deps: OutboxesDeps) {
    this.#deps = deps
    this.#nowMs = deps.nowMs ?? Date.now
    this.#setTimer = deps.setTimer ?? startTimer
    const metrics = deps.metrics.register(outboxMetrics)
    this.#count = (port, result) => metrics.add('gatehouse_outbox_messages_total', 1, { port, result })
    const each = (read: (outbox: Outbox) => number) => () => this.#outboxes.map((outbox) => [read(outbox), { port: outbox.port }] as const)
    metrics.observe(
      'gatehouse_outbox_waiting',
      each((outbox) => outbox.depth().messages),
    )
    metrics.observe(
      'gatehouse_outbox_destinations',
      each((outbox) => outbox.depth().destinations),
    )
    metrics.observe(
      'gatehouse_outbox_oldest_seconds',
      each(({ port }) => {
        const oldestAtMs = this.#oldestAtMs.get(port)
        return oldestAtMs === undefined ? 0 : Math.max(0, this.#nowMs() - oldestAtMs) / 1000
      }),
    )
  }

  /** Rejects with a code when the bus has no place for durable work, or none that can be trusted. It delivers once `start` was called. */
  async open(port: OutboxPort): Promise<Outbox> {
    const outbox = new Outbox({
      queue: await this.#deps.bus.workQueue(port.name),
      port,
      options: { ...defaultOutboxOptions, ...this.#deps.options },
      log: this.#deps.log,
      nowMs: this.#nowMs,
      random: this.#deps.random ?? Math.random,
      setTimer: this.#setTimer,
      count: (result) => this.#count(port.name, result),
    })
    this.#outboxes.push(outbox)
    this.#deps.bus.onStatus((status) => {
      if (status.isConnected) void outbox.catchUp()
    })
    if (this.#cancelPoll === undefined) this.#pollAges()
    return outbox
  }

  close(): void {
    this.#cancelPoll?.()
  }

  // ── gRPC: OutboxService ──

  async listOutbox(request: ListOutboxRequest): Promise<ListOutboxResponse> {
    const destinations = []
    for (const outbox of this.#outboxes) {
      for (const state of await outbox.destinations()) {
        if (request.destination !== '' && request.destination !== state.destination) continue
        const items = request.messages === 0 ? [] : await outbox.messages(state.destination, Math.min(MAX_LISTED, request.messages))
        destinations.push({
          ...state,
          port: outbox.port,
          oldestAtMs: whole(state.oldestAtMs),
          nextAttemptAtMs: whole(state.nextAttemptAtMs),
          messages: items.map(({ id, from, to, acceptedAtMs, expiresAtMs, attempts }) => ({
            id,
            fromAddress: from,
            toAddress: to,
            acceptedAtMs: whole(acceptedAtMs),
            expiresAtMs: whole(expiresAtMs),
            attempts,
          })),
        })
      }
    }
    return create(ListOutboxResponseSchema, { destinations })
  }

  async retryOutbox(request: RetryOutboxRequest): Promise<RetryOutboxResponse> {
    const woken = await Promise.all(this.#outboxes.map((outbox) => outbox.retry(request.destination)))
    return create(RetryOutboxResponseSchema, { destinations: woken.flat() })
  }

  async dropOutbox(request: DropOutboxRequest): Promise<DropOutboxResponse> {
    let dropped = 0
    let busy = 0
    for (const outbox of this.#outboxes) {
      const result = await outbox.drop(request.destination, request.ids)
      dropped += result.dropped
      busy += result.busy
    }
    const { destination, author } = request
    this.#deps.log.warn({ destination, author, dropped, busy }, 'an operator dropped messages that waited')
    return create(DropOutboxResponseSchema, { dropped, busy })
  }

  #pollAges(): void {
    this.#cancelPoll = this.#setTimer(() => void this.#readAges().finally(() => this.#pollAges()), AGE_POLL_MS)
  }

  async #readAges(): Promise<void> {
    for (const outbox of this.#outboxes) {
      const states = await outbox.destinations().catch(() => undefined)
      if (states === undefined) continue // the bus is away; the last answer serves
      const oldest = states.map(({ oldestAtMs }) => oldestAtMs)
      if (oldest.length === 0) this.#oldestAtMs.delete(outbox.port)
      else this.#oldestAtMs.set(outbox.port, Math.min(...oldest))
    }
  }
}

function whole(ms: number): bigint {
  return BigInt(Math.trunc(ms))
}

function startTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}
