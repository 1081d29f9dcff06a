import type { BusKv } from './bus.ts'
import { NatsWorkStream, type StoredWork } from './nats-work-stream.ts'
import type { PulledWork } from './work-queue.ts'

/** What is known of work that was pulled before. */
interface Attempted {
  readonly attempts: number
  /** Milliseconds since the epoch. */
  readonly visibleAtMs: number
  /** Pulled and not answered. */
  readonly isOpen: boolean
}

/** What replicas tell each other about a lane, one bucket entry each; written by compare-and-set only. */
interface LaneRecord {
  readonly holder: string
  readonly visibilityMs: number
  readonly attempted: Map<number, Attempted>
}

export interface NatsWorkLaneDeps {
  readonly stream: NatsWorkStream
  readonly bucket: BusKv
  /** This process, and no other one at any time. */
  readonly holder: string
  readonly nowMs: () => number
  readonly wallMs: () => number
}

const NOTHING: LaneRecord = { holder: '', visibilityMs: 0, attempted: new Map() }
/** Somebody who wakes the lane writes in between now and then. */
const MAX_WRITES = 10
// A lane longer than this is read on as its beginning gets done.
const MAX_INDEXED = 20_000

/**
 * One lane as one replica sees it. Whoever pulls becomes the holder of the lane for as long as what it pulled is open; the
 * others wait until it answered or fell silent. Silence is measured with the waiting replica's own clock.
 */
export class NatsWorkLane {
  readonly #deps: NatsWorkLaneDeps
  readonly #word: string
  readonly #bucketKey: string
  #record: LaneRecord = NOTHING
  #revision = 0
  /** The record is ours, and nobody else has written since. */
  #isHeld = false
  #foreign: { readonly revision: number; readonly sinceMs: number } | undefined
  /** Positions by key, in order; complete up to `#readTo`. */
  readonly #index = new Map<string, number[]>()
  #indexed = 0
  #readTo = 0
  /** Calls run one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(queue: string, lane: string, deps: NatsWorkLaneDeps) {
    this.#deps = deps
    this.#word = NatsWorkStream.word(lane)
    this.#bucketKey = `${queue}.${this.#word}`
  }

  pull(max: number, visibilityMs: number): Promise<readonly PulledWork[]> {
    return this.#inTurn(() => this.#pull(max, visibilityMs))
  }

  ack(position: number, key: string): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#deps.stream.remove(position)
      this.#record.attempted.delete(position)
      this.#unindex(position)
      // The others need not wait for what is done; whoever pulls next writes it anyway.
      if (this.#isHeld && this.#record.attempted.size === 0 && this.#indexed === 0) await this.#write(this.#record.visibilityMs)
      return (await this.#deps.stream.next(this.#word, 0, NatsWorkStream.word(key))) === undefined
    })
  }

  retry(position: number, afterMs: number): Promise<void> {
    return this.#inTurn(async () => {
      for (let tries = 0; tries < MAX_WRITES; tries++) {
        if (!this.#isHeld) await this.#read()
        const state = this.#record.attempted.get(position)
        // Taken over by somebody who saw no sign of us: it is theirs now.
        if (state === undefined || this.#record.holder !== this.#deps.holder) return
        this.#record.attempted.set(position, { ...state, visibleAtMs: this.#deps.wallMs() + afterMs, isOpen: false })
        if (await this.#write(this.#record.visibilityMs)) return
      }
      throw new Error(`the record of the lane changed ${MAX_WRITES} times`)
    })
  }

  wake(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isHeld) await this.#read()
      for (const [position, state] of this.#record.attempted) {
        if (!state.isOpen) this.#record.attempted.set(position, { ...state, visibleAtMs: 0 })
      }
      if (this.#revision > 0) await this.#write(this.#record.visibilityMs, this.#record.holder)
    })
  }

  /** Attempts of a position, for lists. */
  attemptsAt(position: number): number {
    return this.#record.attempted.get(position)?.attempts ?? 0
  }

  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#isHeld) await this.#read()
    })
  }

  async #pull(max: number, visibilityMs: number): Promise<readonly PulledWork[]> {
    if (!this.#isHeld && !(await this.#take())) return []
    await this.#readOn()
    const pulled = await this.#heads(max)
    if (pulled.length === 0) {
      // What holds everything back may have been changed by somebody who woke the lane.
      if (this.#record.attempted.size > 0) this.#isHeld = (await this.#deps.bucket.get(this.#bucketKey))?.revision === this.#revision
      return []
    }
    const visibleAtMs = this.#deps.wallMs() + visibilityMs
    for (const { position, attempts } of pulled) this.#record.attempted.set(position, { attempts, visibleAtMs, isOpen: true })
    return (await this.#write(visibilityMs)) ? pulled : []
  }

  /** The first of each key, where nothing holds it back. */
  async #heads(max: number): Promise<readonly PulledWork[]> {
    const nowMs = this.#deps.wallMs()
    const pulled: PulledWork[] = []
    for (const positions of [...this.#index.values()]) {
      if (pulled.length >= max) break
      const position = positions[0]!
      const state = this.#record.attempted.get(position)
      if (state !== undefined && state.visibleAtMs > nowMs) continue
      // Read again: somebody may have taken it out.
      const work = await this.#deps.stream.at(position)
      if (work === undefined) this.#unindex(position)
      else pulled.push(asPulled(work, state))
    }
    return pulled
  }

  /** Becomes the holder, unless another one is at work. */
  async #take(): Promise<boolean> {
    await this.#read()
    const { holder, attempted } = this.#record
    const isForeign = holder !== this.#deps.holder && [...attempted.values()].some((state) => state.isOpen)
    if (isForeign && !this.#isSilent()) return false
    if (isForeign) {
      // What its last holder had in hand is free, and nobody knows what became of it.
      for (const [position, state] of attempted) if (state.isOpen) attempted.set(position, { ...state, visibleAtMs: 0 })
    }
    this.#foreign = undefined
    this.#index.clear()
    this.#indexed = 0
    this.#readTo = 0
    this.#isHeld = true
    return true
  }

  #isSilent(): boolean {
    const nowMs = this.#deps.nowMs()
    if (this.#foreign?.revision !== this.#revision) this.#foreign = { revision: this.#revision, sinceMs: nowMs }
    return nowMs - this.#foreign.sinceMs >= this.#record.visibilityMs
  }

  async #read(): Promise<void> {
    const entry = await this.#deps.bucket.get(this.#bucketKey)
    this.#revision = entry?.revision ?? 0
    this.#record = entry === undefined ? { ...NOTHING, attempted: new Map() } : decode(entry.value)
  }

  /** False: another replica wrote in between; what this one believed to hold is lost. */
  async #write(visibilityMs: number, holder = this.#deps.holder): Promise<boolean> {
    this.#record = { holder, visibilityMs, attempted: this.#record.attempted }
    const revision = await this.#deps.bucket.put(this.#bucketKey, encode(this.#record), this.#revision)
    this.#isHeld = revision !== undefined && holder === this.#deps.holder
    if (revision !== undefined) this.#revision = revision
    return revision !== undefined
  }

  /** Takes note of what was put since. */
  async #readOn(): Promise<void> {
    while (this.#indexed < MAX_INDEXED) {
      const work = await this.#deps.stream.next(this.#word, this.#readTo + 1)
      if (work === undefined) break
      this.#readTo = work.position
      const positions = this.#index.get(work.key)
      if (positions === undefined) this.#index.set(work.key, [work.position])
      else positions.push(work.position)
      this.#indexed++
    }
    // Of work that somebody else took out nothing need be remembered.
    const first = Math.min(...[...this.#index.values()].map((positions) => positions[0]!), this.#readTo + 1)
    for (const position of this.#record.attempted.keys()) if (position < first) this.#record.attempted.delete(position)
  }

  #unindex(position: number): void {
    for (const [key, positions] of this.#index) {
      const at = positions.indexOf(position)
      if (at < 0) continue
      positions.splice(at, 1)
      this.#indexed--
      if (positions.length === 0) this.#index.delete(key)
      return
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run, run)
    this.#last = next.catch(() => undefined)
    return next
  }
}

function asPulled(work: StoredWork, state: Attempted | undefined): PulledWork {
  return { ...work, attempts: (state?.attempts ?? 0) + 1, isInterrupted: state?.isOpen === true }
}

function encode(record: LaneRecord): Uint8Array {
  const attempted = [...record.attempted].map(([position, { attempts, visibleAtMs, isOpen }]) => [position, attempts, visibleAtMs, isOpen])
  return Buffer.from(JSON.stringify({ holder: record.holder, visibilityMs: record.visibilityMs, attempted }))
}

function decode(value: Uint8Array): LaneRecord {
  const read = JSON.parse(Buffer.from(value).toString()) as {
    holder: string
    visibilityMs: number
    attempted: [number, number, number, boolean][]
  }
  const attempted = read.attempted.map(
    ([position, attempts, visibleAtMs, isOpen]) => [position, { attempts, visibleAtMs, isOpen }] as const,
  )
  return { holder: read.holder, visibilityMs: read.visibilityMs, attempted: new Map(attempted) }
}
