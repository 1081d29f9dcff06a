import type { AccountId, ConnectorContext } from '@gatehouse/bridge-kit'

const SAVE_AFTER_MS = 5_000
/** Clocks differ, and a message may come in while another is stored: a little is asked for twice, and the core knows it again. */
const OVERLAP_MS = 10_000

/** When an account last heard something: from there on a network with a memory is asked after a loss or a take-over. */
export class LastHeard {
  readonly #context: ConnectorContext
  readonly #key: string
  #heardMs = 0
  #savedMs = 0

  constructor(context: ConnectorContext, account: AccountId) {
    this.#context = context
    this.#key = `heard/${account}`
  }

  note(atMs: number): void {
    // nobody's clock makes us skip what is still to come
    this.#heardMs = Math.max(this.#heardMs, Math.min(atMs, this.#context.clock.nowMs()))
    if (this.#heardMs - this.#savedMs >= SAVE_AFTER_MS) void this.save()
  }

  /** Milliseconds since the epoch; undefined: never heard anything. */
  async load(): Promise<number | undefined> {
    const bytes = await this.#context.store.get(this.#key).catch(() => undefined)
    const text = bytes === undefined ? '' : new TextDecoder().decode(bytes)
    return /^\d{1,15}$/.test(text) ? Number(text) - OVERLAP_MS : undefined
  }

  async save(): Promise<void> {
    if (this.#heardMs === this.#savedMs) return
    this.#savedMs = this.#heardMs
    await this.#context.store.put(this.#key, new TextEncoder().encode(String(this.#heardMs))).catch(() => undefined)
  }
}
