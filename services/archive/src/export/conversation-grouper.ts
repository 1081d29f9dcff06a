import { createHash } from 'node:crypto'
import type { ExportMessage } from './export-message.ts'

/** What two people said without a long pause, over however many SIP sessions and page-mode messages. */
export interface Conversation {
  /** Of its participants and its first message: 24 hex digits, the same in every export that begins before it. */
  readonly id: string
  readonly participants: readonly string[]
  readonly messages: readonly ExportMessage[]
}

interface Open {
  readonly id: string
  readonly participants: readonly string[]
  readonly messages: ExportMessage[]
}

// A conversation that never pauses is cut, so that no file grows without end.
const MOST_MESSAGES = 5_000

/** Gathers messages, given in the order of the log, into conversations. */
export class ConversationGrouper {
  readonly #idleUs: number
  readonly #onClosed: (conversation: Conversation) => void
  readonly #open = new Map<string, Open>()

  /** A pause longer than `idleUs` ends a conversation. */
  constructor(idleUs: number, onClosed: (conversation: Conversation) => void) {
    this.#idleUs = idleUs
    this.#onClosed = onClosed
  }

  add(message: ExportMessage): void {
    this.#closeIdle(message.atUs)
    const participants = participantsOf(message)
    const key = participants.join('\n')
    const open = this.#open.get(key)
    if (open === undefined) {
      const id = createHash('sha256').update(`${key}\n${message.id}`).digest('hex').slice(0, 24)
      this.#open.set(key, { id, participants, messages: [message] })
      return
    }
    // Moved to the end, so that the first ones are those that were silent longest.
    this.#open.delete(key)
    open.messages.push(message)
    if (open.messages.length >= MOST_MESSAGES) this.#onClosed(open)
    else this.#open.set(key, open)
  }

  /** Everything before it stands in closed conversations; undefined when none is open. */
  firstOpenSequence(): number | undefined {
    let first: number | undefined
    for (const { messages } of this.#open.values()) first = Math.min(first ?? Number.MAX_SAFE_INTEGER, messages[0]!.sequence)
    return first
  }

  end(): void {
    for (const open of this.#open.values()) this.#onClosed(open)
    this.#open.clear()
  }

  #closeIdle(nowUs: number): void {
    for (const [key, open] of this.#open) {
      if (nowUs - open.messages.at(-1)!.atUs <= this.#idleUs) return
      this.#open.delete(key)
      this.#onClosed(open)
    }
  }
}

/** Both sides in lower case, in one order whoever spoke. */
export function participantsOf({ from, to }: Pick<ExportMessage, 'from' | 'to'>): readonly string[] {
  return [...new Set([from.toLowerCase(), to.toLowerCase()])].sort()
}
