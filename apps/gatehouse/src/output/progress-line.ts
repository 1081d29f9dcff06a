import type { Call } from '../cli/command.ts'

/** One line on the terminal of errors that says how far something is; nothing where nobody looks, or where machines read. */
export class ProgressLine {
  readonly #call: Pick<Call, 'io' | 'out'>
  #shown = ''

  constructor(call: Pick<Call, 'io' | 'out'>) {
    this.#call = call
  }

  show(text: string): void {
    const { io, out } = this.#call
    if (!io.isErrorTerminal || out.isJson || text === this.#shown) return
    io.err.write(`\r${text.padEnd(this.#shown.length)}`)
    this.#shown = text
  }

  /** As if it had never been there. */
  clear(): void {
    if (this.#shown === '') return
    this.#call.io.err.write(`\r${' '.repeat(this.#shown.length)}\r`)
    this.#shown = ''
  }
}
