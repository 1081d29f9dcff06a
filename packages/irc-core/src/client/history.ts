import type { IrcMessage } from '../message/irc-message.ts'

/** A command to be sent: its name, then its parameters. */
type HistoryCommand = readonly [command: 'CHATHISTORY', ...params: string[]]

const MOST_TARGETS = 50
/** Pages of one partner; beyond, a server that gives the same page for ever would be asked for ever. */
const MOST_PAGES = 50

interface AskedPage {
  readonly number: number
  /** After which line. */
  readonly from: string
}

interface OpenPage {
  readonly target: string
  readonly asked: AskedPage
  count: number
  lastId: string | undefined
  lastTime: string | undefined
}

/**
 * What was said while nobody was connected (draft/chathistory): who said something since then, and of each of them page after page from there
 * on, oldest first, until a page is not full.
 */
export class History {
  readonly #pages = new Map<string, OpenPage>()
  /** By target. */
  readonly #asked = new Map<string, AskedPage>()
  /** Reference of the batch that lists the partners; empty: it has not come yet. */
  #targets: string | undefined
  #since = ''
  #isOpen = false
  #limit = 0
  #knowsIds = false

  /**
   * `limit`: lines of a page, what the server gives at once. `knowsIds`: it knows lines by their ids, too; by time alone those of one millisecond
   * cannot be told apart.
   */
  begin(sinceMs: number, nowMs: number, limit: number, knowsIds: boolean): HistoryCommand {
    this.#limit = limit
    this.#knowsIds = knowsIds
    this.#since = timestamp(sinceMs)
    this.#targets = ''
    this.#isOpen = true
    return ['CHATHISTORY', 'TARGETS', this.#since, timestamp(nowMs), String(MOST_TARGETS)]
  }

  /** A batch begins. */
  opened(reference: string, type: string, target: string): void {
    if (!this.#isOpen) return
    if (type === 'draft/chathistory-targets') this.#targets = reference
    const asked = this.#asked.get(target.toLowerCase())
    if (type === 'chathistory' && asked !== undefined)
      this.#pages.set(reference, { target, asked, count: 0, lastId: undefined, lastTime: undefined })
  }

  /** A line of `TARGETS`: a partner who said something. */
  target(name: string): HistoryCommand | undefined {
    if (!this.#isOpen || this.#asked.has(name.toLowerCase()) || this.#asked.size >= MOST_TARGETS) return undefined
    return this.#ask(name, this.#since, 1)
  }

  /** A line within a batch. */
  noted({ tags }: IrcMessage): void {
    const page = this.#pages.get(tags.get('batch') ?? '')
    if (page === undefined) return
    page.count++
    page.lastId = tags.get('msgid')
    page.lastTime = tags.get('time')
  }

  /** A batch is complete; there may be another page. */
  closed(reference: string): HistoryCommand | undefined {
    if (reference === this.#targets) this.#targets = undefined
    const page = this.#pages.get(reference)
    if (page === undefined) return undefined
    this.#pages.delete(reference)
    this.#asked.delete(page.target.toLowerCase())
    const from = page.count < this.#limit || page.asked.number >= MOST_PAGES ? undefined : this.#nextFrom(page)
    return from === undefined ? undefined : this.#ask(page.target, from, page.asked.number + 1)
  }

  /** The server will not say: nothing more is waited for. */
  failed(): void {
    this.#targets = undefined
    this.#asked.clear()
  }

  /** True once, when all of it has come. */
  takeEnd(): boolean {
    if (!this.#isOpen || this.#targets !== undefined || this.#asked.size > 0) return false
    this.#isOpen = false
    return true
  }

  #nextFrom({ lastId, lastTime, asked }: OpenPage): string | undefined {
    if (this.#knowsIds && lastId !== undefined) return `msgid=${lastId}`
    const lastMs = Date.parse(lastTime ?? '')
    if (Number.isNaN(lastMs)) return undefined
    // A little is given twice rather than lost; unless that would be the same page again, all of one millisecond.
    const before = timestamp(lastMs - 1)
    return before === asked.from ? timestamp(lastMs) : before
  }

  #ask(target: string, from: string, number: number): HistoryCommand {
    this.#asked.set(target.toLowerCase(), { number, from })
    return ['CHATHISTORY', 'AFTER', target, from, String(this.#limit)]
  }
}

function timestamp(ms: number): string {
  return `timestamp=${new Date(ms).toISOString()}`
}
