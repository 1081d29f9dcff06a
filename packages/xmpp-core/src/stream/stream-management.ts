import { ns } from '../xml/namespaces.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import type { Ticket } from './stream-types.ts'

/** Stanzas that may wait for an acknowledgement; beyond, the stream takes no more. */
const MAX_UNACKED = 1_000
/** Counters go round at 2^32 (XEP-0198 §4). */
const WRAP = 2 ** 32

interface Sent {
  readonly text: string
  readonly ticket: Ticket
}

/** What is left of a broken stream (XEP-0198 §5): what we had of it, and what it may not have of us. */
export interface SessionState {
  readonly id: string
  readonly local: string
  readonly remote: string
  readonly received: number
  readonly acked: number
  readonly unacked: readonly Sent[]
}

/** Acknowledgements of one stream (XEP-0198). */
export class StreamManagement {
  /** Empty: cannot be resumed. */
  readonly id: string
  /** Handled without a gap: what we may acknowledge. */
  #received: number
  #arrived = 0
  #handled = 0
  /** Handled before one that came earlier. */
  readonly #early = new Set<number>()
  /** Of the oldest request that was answered with less than had arrived: up to there the peer hears it unasked; 0: nothing is owed. */
  #owesUpTo = 0
  #acked: number
  readonly #unacked: Sent[]
  #isAsked = false

  constructor(id: string, from?: SessionState) {
    this.id = id
    this.#received = from?.received ?? 0
    this.#acked = from?.acked ?? 0
    this.#unacked = [...(from?.unacked ?? [])]
  }

  get isFull(): boolean {
    return this.#unacked.length >= MAX_UNACKED
  }

  /** Something came, and was dealt with. */
  get hasHandled(): boolean {
    return this.#handled > 0
  }

  get received(): number {
    return this.#received
  }

  /** A stanza came; gives its number, from 1. */
  noteArrived(): number {
    this.#arrived += 1
    return this.#arrived
  }

  /**
   * Its owner has dealt with it, or has taken it over for good (XEP-0198 §4: *handled*, not received). True: the peer asked before and is to be
   * told now: what came behind its request does not keep it waiting.
   */
  noteHandled(arrival: number): boolean {
    this.#early.add(arrival)
    while (this.#early.delete(this.#handled + 1)) {
      this.#handled += 1
      this.#received = (this.#received + 1) % WRAP
    }
    return this.#owesUpTo > 0 && this.#handled >= this.#owesUpTo
  }

  noteSent(text: string, ticket: Ticket): void {
    this.#unacked.push({ text, ticket })
    this.#isAsked = false
  }

  /**
   * One request for all that was sent since the last one; undefined: nothing to ask for, or asked already. A peer that answered "not yet" is not
   * asked over and over: it says so when it has the rest, or is asked with the next stanza or the next sign of life.
   */
  takeRequest(): XmlElement | undefined {
    if (this.#isAsked || this.#unacked.length === 0) return undefined
    this.#isAsked = true
    return xml('r', ns.management)
  }

  answer(): XmlElement {
    if (this.#handled >= this.#arrived) this.#owesUpTo = 0
    else if (this.#handled >= this.#owesUpTo) this.#owesUpTo = this.#arrived
    return xml('a', ns.management, { h: String(this.#received) })
  }

  /** Takes `h` of an `a`, `resumed` or `failed`; undefined: it counts more than was ever sent, or is no number (XEP-0198 §4). */
  takeAnswer(h: string | undefined): Ticket[] | undefined {
    if (h === undefined || !/^\d{1,10}$/.test(h)) return undefined
    const count = (Number(h) - this.#acked + WRAP) % WRAP
    if (count > this.#unacked.length) return undefined
    this.#acked = Number(h) % WRAP
    return this.#unacked.splice(0, count).map(({ ticket }) => ticket)
  }

  /** What has to be sent again on a resumed stream. */
  unackedTexts(): string[] {
    return this.#unacked.map(({ text }) => text)
  }

  unackedTickets(): Ticket[] {
    return this.#unacked.map(({ ticket }) => ticket).filter((ticket) => ticket !== 0)
  }

  state(local: string, remote: string): SessionState {
    return { id: this.id, local, remote, received: this.#received, acked: this.#acked, unacked: [...this.#unacked] }
  }
}
