import { ns, type XmlElement, xml } from '@gatehouse/xmpp-core'
import type { XmppCode } from '../errors.ts'

/** What became of a stanza that somebody wants to know about. */
export type StanzaFate =
  /** The other server has it. */
  | { readonly kind: 'taken' }
  /** Nobody said anything in time; it was written. */
  | { readonly kind: 'written' }
  /** It came back. */
  | { readonly kind: 'bounced'; readonly error: XmlElement }
  | { readonly kind: 'failed'; readonly code: XmppCode; readonly detail: string; readonly isCertain: boolean }

export interface TrackedStanza {
  readonly stanza: XmlElement
  /** Until then it has to be on its way. */
  readonly deadlineMs: number
  /** False: `written` will do, at once. */
  readonly wantsProof: boolean
  /** It waited long enough: tried at once, whatever the back-off. */
  readonly waited?: boolean | undefined
  /** Called exactly once. */
  readonly onFate: (fate: StanzaFate) => void
}

export interface LaneOptions {
  readonly local: string
  readonly remote: string
  /** False: not now. */
  readonly write: (stanza: XmlElement, ticket: number) => boolean
  /** True: the peer acknowledges stanzas where its refusals come too, so that no fence is needed (XEP-0198 on a two-way stream). */
  readonly isAcknowledged: () => boolean
  readonly newId: () => string
  readonly confirmMs: number
  readonly nowMs: () => number
}

/** Written and not yet known to have arrived. */
const MAX_OPEN = 10_000

/**
 * Stanzas on their way over one stream. XMPP confirms nothing by itself; but a server handles the stanzas of a stream in order
 * (RFC 6120 §10.1), so the answer to a ping sent behind them (a fence) tells that it has them all, and that what it refused was refused.
 */
export class StanzaLane {
  readonly #options: LaneOptions
  /** By ticket, in the order sent. */
  readonly #open = new Map<number, { readonly tracked: TrackedStanza; readonly writtenMs: number; isAcked: boolean }>()
  readonly #byId = new Map<string, number>()
  #lastTicket = 0
  #fence: { readonly id: string; readonly upTo: number } | undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get openCount(): number {
    return this.#open.size
  }

  /** False: not now, nothing was sent. */
  send(tracked: TrackedStanza): boolean {
    if (!tracked.wantsProof) {
      if (!this.#options.write(tracked.stanza, 0)) return false
      tracked.onFate({ kind: 'written' })
      return true
    }
    if (this.#open.size >= MAX_OPEN) return false
    const ticket = this.#lastTicket + 1
    if (!this.#options.write(tracked.stanza, ticket)) return false
    this.#lastTicket = ticket
    this.#open.set(ticket, { tracked, writtenMs: this.#options.nowMs(), isAcked: false })
    this.#byId.set(tracked.stanza.attr('id') ?? '', ticket)
    this.#raiseFence()
    return true
  }

  /**
   * Tickets that stream management acknowledged. Where refusals come by another stream, one may still be on its way: then the fence decides,
   * and the acknowledgement says only that the stanza is not lost with this stream.
   */
  handleAcked(tickets: readonly number[]): void {
    const isLast = this.#options.isAcknowledged()
    for (const ticket of tickets) {
      const entry = this.#open.get(ticket)
      if (isLast) this.#settle(ticket, { kind: 'taken' })
      else if (entry !== undefined) entry.isAcked = true
    }
  }

  /** An answer to a query of ours. True: it was the fence. */
  handleAnswer(id: string): boolean {
    if (this.#fence?.id !== id) return false
    const { upTo } = this.#fence
    this.#fence = undefined
    for (const ticket of this.#open.keys()) if (ticket <= upTo) this.#settle(ticket, { kind: 'taken' })
    this.#raiseFence()
    return true
  }

  /** A stanza of ours came back. True: it was one of this lane. */
  handleBounce(error: XmlElement): boolean {
    const ticket = this.#byId.get(error.attr('id') ?? '')
    const stanza = ticket === undefined ? undefined : this.#open.get(ticket)?.tracked.stanza
    if (ticket === undefined || stanza === undefined) return false
    if (stanza.name !== error.name || stanza.attr('from') !== error.attr('to')) return false
    this.#settle(ticket, { kind: 'bounced', error })
    return true
  }

  /** Who waited long enough is told that it was written, which is all that is known. */
  sweep(nowMs: number): void {
    const { confirmMs } = this.#options
    for (const [ticket, { writtenMs }] of this.#open) {
      if (nowMs - writtenMs < confirmMs) break
      this.#settle(ticket, { kind: 'written' })
    }
    if (this.#open.size === 0) this.#fence = undefined
  }

  /** The stream is gone. */
  close(detail: string): void {
    for (const [ticket, { isAcked }] of [...this.#open]) {
      this.#settle(ticket, isAcked ? { kind: 'written' } : { kind: 'failed', code: 'GH-XMPP-STREAM', detail, isCertain: false })
    }
  }

  #settle(ticket: number, fate: StanzaFate): void {
    const entry = this.#open.get(ticket)
    if (entry === undefined) return
    this.#open.delete(ticket)
    const id = entry.tracked.stanza.attr('id') ?? ''
    if (this.#byId.get(id) === ticket) this.#byId.delete(id)
    entry.tracked.onFate(fate)
  }

  #raiseFence(): void {
    const { local, remote, newId, write, isAcknowledged } = this.#options
    if (this.#fence !== undefined || this.#open.size === 0 || isAcknowledged()) return
    const id = newId()
    this.#fence = { id, upTo: this.#lastTicket }
    write(xml('iq', ns.client, { type: 'get', from: local, to: remote, id }, xml('ping', ns.ping)), 0)
  }
}
