import type { Duplex } from 'node:stream'

/** After our last byte, for the peer to take it. */
const LINGER_MS = 2_000

/** Connections whose streams have said their last word: closed once that is written, or cut. */
export class Lingering {
  readonly #until = new Map<Duplex, number>()

  end(stream: Duplex, nowMs: number): void {
    this.#until.set(stream, nowMs + LINGER_MS)
    stream.once('close', () => this.#until.delete(stream))
    stream.on('error', () => undefined)
    stream.end()
    // What still comes is read and dropped, or the other side could not end either.
    stream.resume()
  }

  sweep(nowMs: number): void {
    for (const [stream, untilMs] of this.#until) if (untilMs <= nowMs) stream.destroy()
  }

  cut(): void {
    for (const stream of this.#until.keys()) stream.destroy()
  }
}
