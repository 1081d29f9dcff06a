import { FloodControl, type FloodLimits } from './flood-control.ts'
import type { PendingSend, PendingSends } from './pending-sends.ts'

export interface QueuedLine {
  readonly line: string
  /** The message that it belongs to. */
  readonly send: PendingSend | undefined
  /** What the server's answer to it will hold. */
  readonly token: string | undefined
  readonly isText: boolean
}

/** Lines on their way out, at the pace that the server bears. */
export class LineQueue {
  readonly #flood: FloodControl
  readonly #pending: PendingSends
  readonly #lines: QueuedLine[] = []

  constructor(limits: FloodLimits, pending: PendingSends) {
    this.#flood = new FloodControl(limits)
    this.#pending = pending
  }

  get length(): number {
    return this.#lines.length
  }

  push(line: QueuedLine): void {
    this.#lines.push(line)
  }

  clear(): void {
    this.#lines.length = 0
  }

  /** Lines that may go now; from then on their answers are waited for. */
  take(nowMs: number): string[] {
    const taken: string[] = []
    while (this.#lines.length > 0) {
      const next = this.#lines[0] as QueuedLine
      // the rest of a message that was refused stays here
      if (next.send?.failure === undefined) {
        if (!this.#flood.take(nowMs)) break
        taken.push(next.line)
        this.#written(next)
      }
      this.#lines.shift()
    }
    return taken
  }

  /** When the next line may go; undefined: there is none. */
  readyAtMs(nowMs: number): number | undefined {
    return this.#lines.length === 0 ? undefined : this.#flood.readyAtMs(nowMs)
  }

  #written({ send, token, isText }: QueuedLine): void {
    if (send === undefined) return
    if (isText) send.written++
    if (token !== undefined) this.#pending.await(send, token)
  }
}
