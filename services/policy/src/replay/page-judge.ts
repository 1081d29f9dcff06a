import { setImmediate } from 'node:timers/promises'
import { type ArchivedMessage, EntryReader, type Simulation } from '@gatehouse/receipt'

/** Longest work without giving the event loop a turn; a page without long texts takes a millisecond or two. */
const SLICE_MS = 5
/** The clock is looked at after so many messages. */
const LOOK_EVERY = 16

/** Judges the messages of archive pages, in slices, and counts the time it takes. */
export class PageJudge {
  /** Spent on decoding and judging. */
  spentMs = 0
  readonly #simulation: Simulation
  readonly #partner: string
  readonly #reader = new EntryReader()

  /** `partner`: only traffic with it; empty: all. */
  constructor(simulation: Simulation, partner: string) {
    this.#simulation = simulation
    this.#partner = partner
  }

  async judge(records: readonly Uint8Array[]): Promise<void> {
    let startedMs = performance.now()
    for (let at = 0; at < records.length; at++) {
      const message = this.#reader.read(records[at]!)
      if (message !== undefined && concerns(message, this.#partner)) this.#simulation.add(message)
      if (at % LOOK_EVERY !== LOOK_EVERY - 1) continue
      const tookMs = performance.now() - startedMs
      if (tookMs < SLICE_MS) continue
      this.spentMs += tookMs
      await setImmediate()
      startedMs = performance.now()
    }
    this.spentMs += performance.now() - startedMs
  }
}

/** Partners are named by object, by domain, or either end's. */
function concerns(message: ArchivedMessage, partner: string): boolean {
  if (partner === '') return true
  return message.recorded.partner === partner || message.fromDomain === partner || message.toDomain === partner
}
