import { messageOf } from '@gatehouse/errors'
import type { Bus, BusKv, BusReply } from './bus.ts'
import { busError } from './errors.ts'
import { NatsWorkLane } from './nats-work-lane.ts'
import { NatsWorkStream } from './nats-work-stream.ts'
import type { LaneState, NewWork, PulledWork, PutOutcome, Work, WorkQueue } from './work-queue.ts'

export interface NatsWorkDeps {
  readonly bus: Bus
  readonly stream: NatsWorkStream
  readonly bucket: BusKv
  readonly holder: string
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly defer: (run: () => void) => void
  /** False: whether the server writes before it acknowledges has to be found out again. */
  readonly isTrusted: () => boolean
}

// A write that is on the disk of a majority; longer than that the sender should not wait.
const PUT_TIMEOUT_MS = 5_000

/** A work queue in JetStream. Acknowledgements come in on the bus's own inbox: no promise per message. */
export class NatsWorkQueue implements WorkQueue {
  readonly #name: string
  readonly #deps: NatsWorkDeps
  readonly #lanes = new Map<string, NatsWorkLane>()

  constructor(name: string, deps: NatsWorkDeps) {
    this.#name = name
    this.#deps = deps
  }

  put(work: NewWork, onDone: (outcome: PutOutcome) => void): void {
    const { bus, stream } = this.#deps
    const status = bus.status()
    // Without a server the client library would keep it in memory, and nobody could say what became of it.
    if (!status.isConnected || !this.#deps.isTrusted()) {
      const code = status.isConnected ? 'GH-BUS-NOT-SYNCED' : 'GH-BUS-CLOSED'
      return this.#deps.defer(() => onDone({ ok: false, code, detail: status.detail, isCertain: true }))
    }
    const headers = NatsWorkStream.headersOf(work.id, work.lane, work.key)
    bus.request(stream.subjectOf(work.lane, work.key), work.data, PUT_TIMEOUT_MS, (reply) => onDone(putOutcome(reply)), headers)
  }

  pull(lane: string, max: number, visibilityMs: number): Promise<readonly PulledWork[]> {
    return this.#guarded(() => this.#laneOf(lane).pull(max, visibilityMs))
  }

  ack(work: Pick<Work, 'lane' | 'key' | 'position'>): Promise<boolean> {
    return this.#guarded(() => this.#laneOf(work.lane).ack(work.position, work.key))
  }

  retry(work: Pick<Work, 'lane' | 'position'>, afterMs: number): Promise<void> {
    return this.#guarded(() => this.#laneOf(work.lane).retry(work.position, afterMs))
  }

  wake(lane: string): Promise<void> {
    return this.#guarded(() => this.#laneOf(lane).wake())
  }

  lanes(): Promise<readonly LaneState[]> {
    return this.#guarded(() => this.#deps.stream.lanes())
  }

  list(lane: string, afterPosition: number, max: number): Promise<readonly Work[]> {
    return this.#guarded(async () => {
      const state = this.#laneOf(lane)
      await state.refresh()
      const works: Work[] = []
      for (let from = afterPosition + 1; works.length < max; ) {
        const work = await this.#deps.stream.next(NatsWorkStream.word(lane), from)
        if (work === undefined) break
        works.push({ ...work, attempts: state.attemptsAt(work.position) })
        from = work.position + 1
      }
      return works
    })
  }

  onPut(listener: (lane: string, key: string) => void): Promise<{ stop(): Promise<void> }> {
    return this.#deps.bus.subscribe(this.#deps.stream.allSubjects, (message) => {
      const { lane, key } = NatsWorkStream.namesOf(message.headers ?? {})
      listener(lane, key)
    })
  }

  #laneOf(lane: string): NatsWorkLane {
    let state = this.#lanes.get(lane)
    if (state === undefined) {
      state = new NatsWorkLane(this.#name, lane, this.#deps)
      this.#lanes.set(lane, state)
    }
    return state
  }

  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (thrown) {
      throw busError('GH-BUS-WORK-AWAY', messageOf(thrown), { cause: thrown })
    }
  }
}

interface PubAck {
  readonly stream?: string
  readonly duplicate?: boolean
  readonly error?: { readonly description?: string }
}

function putOutcome(reply: BusReply): PutOutcome {
  if (!reply.ok) {
    const isCertain = reply.why === 'no-responder' || reply.why === 'refused'
    return { ok: false, code: 'GH-BUS-WORK-AWAY', detail: `${reply.why}: ${reply.detail}`, isCertain }
  }
  const ack = JSON.parse(Buffer.from(reply.data).toString()) as PubAck
  if (ack.stream !== undefined && ack.error === undefined) return { ok: true, isDuplicate: ack.duplicate === true }
  return { ok: false, code: 'GH-BUS-STORE', detail: ack.error?.description ?? 'no acknowledgement', isCertain: true }
}
