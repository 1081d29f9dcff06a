import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Bus, eventSubject } from '@gatehouse/bus'
import {
  type DecisionEvent,
  DecisionEventSchema,
  EventsWantedSchema,
  type LiveService,
  type TailRequest,
  type TailResponseSchema,
} from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import { DECISIONS_TOPIC, WANTED_TOPIC } from './topics.ts'

export interface LiveHandlersDeps {
  readonly bus: Bus
  /** Who watches is logged. */
  readonly log: { info(facts: object, text: string): void }
  /** Calls `run` every `ms` until the returned function is called. */
  readonly every: (ms: number, run: () => void) => () => void
}

/** Events that wait for a caller who reads slowly. */
const MAX_WAITING = 1_000
const ASK_EVERY_MS = 3_000
/** A replica that misses one request goes on until the next. */
const ASK_FOR_MS = 8_000

type Answer = MessageInitShape<typeof TailResponseSchema>

/** `LiveService` of live.proto: what replicas tell on the bus, filtered, to whoever watches. */
export class LiveHandlers implements RpcHandlers<typeof LiveService> {
  readonly #deps: LiveHandlersDeps

  constructor(deps: LiveHandlersDeps) {
    this.#deps = deps
  }

  async *tail(request: TailRequest, { caller, signal }: Pick<RpcContext, 'caller' | 'signal'>): AsyncGenerator<Answer> {
    const { bus, log, every } = this.#deps
    const watcher = new Watcher(request)
    log.info({ caller, domain: request.domain, verdict: request.verdict, partner: request.partner }, 'somebody watches decisions')
    const subscription = await bus.subscribe(eventSubject(DECISIONS_TOPIC), ({ data }) => watcher.take(data))
    const ask = (): void => {
      bus.publish(eventSubject(WANTED_TOPIC), toBinary(EventsWantedSchema, create(EventsWantedSchema, { forMs: ASK_FOR_MS })))
    }
    const stopAsking = every(ASK_EVERY_MS, ask)
    const onAbort = (): void => watcher.wake()
    signal.addEventListener('abort', onAbort)
    try {
      ask()
      while (!signal.aborted) {
        const next = watcher.next()
        if (next === undefined) await watcher.somethingNew()
        else yield next
      }
    } finally {
      stopAsking()
      signal.removeEventListener('abort', onAbort)
      await subscription.stop()
    }
  }
}

/** One caller: what passes the filter and was not read yet. */
class Watcher {
  readonly #request: TailRequest
  readonly #waiting: Answer[] = []
  /** Since the last that waits. */
  #missed = 0n
  #wake: (() => void) | undefined

  constructor(request: TailRequest) {
    this.#request = { ...request, domain: request.domain.toLowerCase() }
  }

  take(data: Uint8Array): void {
    let event: DecisionEvent
    try {
      event = fromBinary(DecisionEventSchema, data)
    } catch {
      return // of a replica of another version; the archive has it
    }
    this.#missed += event.missed
    if (!concerns(event, this.#request)) return
    if (this.#waiting.length >= MAX_WAITING) {
      this.#missed++
      return
    }
    this.#waiting.push({ decision: event, missed: this.#missed })
    this.#missed = 0n
    this.wake()
  }

  next(): Answer | undefined {
    return this.#waiting.shift()
  }

  somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

function concerns(event: DecisionEvent, { domain, verdict, partner }: TailRequest): boolean {
  if (verdict !== '' && event.verdict !== verdict) return false
  if (partner !== '' && event.partner !== partner) return false
  return domain === '' || domainOf(event.fromAddress) === domain || domainOf(event.toAddress) === domain
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
