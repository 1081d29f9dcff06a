import type { AccountId, ConnectorContext } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'

const SAVE_AFTER_MS = 5_000
/** Clocks differ, and a message may come in while another is stored: a little is asked for twice, and the core knows it again. */
const OVERLAP_MS = 10_000
/** A network that does not finish telling is not waited for longer; the core knows what comes twice for a day. */
const HOLD_MS = 300_000

/** When an account last heard something: from there on a network with a memory is asked after a loss or a take-over. */
export class LastHeard {
  readonly #context: ConnectorContext
  readonly #key: string
  #heardMs = 0
  #savedMs = 0
  #isHeld = false
  #cancelHold: () => void = () => {}

  constructor(context: ConnectorContext, account: AccountId) {
    this.#context = context
    this.#key = `heard/${account}`
  }

  note(atMs: number): void {
    // nobody's clock makes us skip what is still to come
    this.#heardMs = Math.max(this.#heardMs, Math.min(atMs, this.#context.clock.nowMs()))
    if (this.#heardMs - this.#savedMs >= SAVE_AFTER_MS) void this.save()
  }

  /** What was missed is being fetched: until it has come, the time of something newer must not be kept in its place. */
  hold(): void {
    this.#isHeld = true
    this.#cancelHold = this.#context.clock.after(HOLD_MS, () => this.release())
  }

  release(): void {
    this.#isHeld = false
    this.#cancelHold()
    if (this.#heardMs - this.#savedMs >= SAVE_AFTER_MS) void this.save()
  }

  /** The connection is over; what was still being fetched will be asked for again. */
  async end(): Promise<void> {
    this.#cancelHold()
    await this.save()
  }

  /** Milliseconds since the epoch; undefined: never heard anything. */
  async load(): Promise<number | undefined> {
    let text = ''
    try {
      const bytes = await this.#context.store.get(this.#key)
      if (bytes !== undefined) text = new TextDecoder().decode(bytes)
    } catch (thrown) {
      this.#warn('when the account last heard something cannot be read: nothing is asked for', thrown)
    }
    return /^\d{1,15}$/.test(text) ? Number(text) - OVERLAP_MS : undefined
  }

  async save(): Promise<void> {
    if (this.#isHeld || this.#heardMs === this.#savedMs) return
    const before = this.#savedMs
    this.#savedMs = this.#heardMs
    try {
      await this.#context.store.put(this.#key, new TextEncoder().encode(String(this.#heardMs)))
    } catch (thrown) {
      // it is saved with the next message
      this.#savedMs = before
      this.#warn('when the account last heard something cannot be kept', thrown)
    }
  }

  #warn(text: string, thrown: unknown): void {
    this.#context.log.warn({ network: this.#context.name, key: this.#key, reason: messageOf(thrown) }, text)
  }
}
