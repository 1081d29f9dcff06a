import type { EdgeConnection } from '../edge/connection.ts'

/**
 * Connections of which more has arrived than one turn of the event loop is for. Each waits unread until the next turn and then
 * gets its share again, in the order in which they came: what one peer has queued up does not stand before what others say.
 */
export class TurnQueue {
  readonly #work: (connection: EdgeConnection) => boolean
  readonly #afterTurn: (run: () => void) => void
  #waiting: EdgeConnection[] = []

  /** `work` does one share and says whether there is more; `afterTurn` runs something once, when the turn's input was handled. */
  constructor(work: (connection: EdgeConnection) => boolean, afterTurn: (run: () => void) => void) {
    this.#work = work
    this.#afterTurn = afterTurn
  }

  /** Its rest has to wait. Not for one that waits already. */
  add(connection: EdgeConnection): void {
    connection.pause('turn')
    this.#wait(connection)
  }

  #wait(connection: EdgeConnection): void {
    this.#waiting.push(connection)
    if (this.#waiting.length === 1) this.#afterTurn(() => this.#turn())
  }

  #turn(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const connection of waiting) {
      if (this.#work(connection)) this.#wait(connection)
      else connection.resume('turn')
    }
  }
}
