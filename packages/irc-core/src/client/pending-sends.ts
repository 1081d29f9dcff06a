import type { IrcCode } from '../errors.ts'
import type { IrcOutcomeEvent } from './irc-event.ts'

/** One message on its way, in as many lines as it takes. */
export interface PendingSend {
  readonly id: string
  /** Folded target. */
  readonly target: string
  readonly lines: readonly string[]
  /** Lines that have gone out. */
  written: number
  /** Labels, or the token of the PING behind it, that the server has yet to answer. */
  readonly awaited: Set<string>
  /** How many lines the server took. */
  accepted: number
  /** How many it refused, and why the first of them. */
  refused: number
  failure: { readonly code: IrcCode; readonly detail: string } | undefined
  msgid: string
  /** When we stop waiting for the server's word. */
  deadlineMs: number
}

/** Messages between us and the server's word about them. */
export class PendingSends {
  readonly #byId = new Map<string, PendingSend>()
  readonly #byToken = new Map<string, PendingSend>()

  get size(): number {
    return this.#byId.size
  }

  add(send: PendingSend): void {
    this.#byId.set(send.id, send)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** The server will answer with `token`: a label, or the text of a PING. */
  await(send: PendingSend, token: string): void {
    send.awaited.add(token)
    this.#byToken.set(token, send)
  }

  of(token: string): PendingSend | undefined {
    return this.#byToken.get(token)
  }

  /** The oldest message to somebody of which a line has gone out: errors without a label are about that one. */
  oldestTo(target: string): PendingSend | undefined {
    for (const send of this.#byId.values()) if (send.written > 0 && send.target === target && send.failure === undefined) return send
    return undefined
  }

  /** The server has said what it had to say about `token`. An outcome when nothing is awaited any more. */
  answered(token: string, isConfirmed: boolean): IrcOutcomeEvent | undefined {
    const send = this.#byToken.get(token)
    if (send === undefined) return undefined
    this.#byToken.delete(token)
    send.awaited.delete(token)
    if (isConfirmed) send.accepted++
    return this.#settleIfOver(send)
  }

  /** The server refused a line. The rest of the message stays here. */
  refused(send: PendingSend, code: IrcCode, detail: string): IrcOutcomeEvent | undefined {
    send.refused++
    send.failure ??= { code, detail }
    return this.#settleIfOver(send)
  }

  /** Of those whose time is over. */
  expire(nowMs: number, code: IrcCode): IrcOutcomeEvent[] {
    const outcomes: IrcOutcomeEvent[] = []
    for (const send of [...this.#byId.values()]) {
      if (send.deadlineMs > nowMs) continue
      outcomes.push(this.#fail(send, code, ''))
    }
    return outcomes
  }

  /** The connection is gone. */
  failAll(code: IrcCode, unsentCode: IrcCode, detail: string): IrcOutcomeEvent[] {
    return [...this.#byId.values()].map((send) => this.#fail(send, send.written === 0 ? unsentCode : code, detail))
  }

  nextDeadlineMs(): number | undefined {
    let next: number | undefined
    for (const { deadlineMs } of this.#byId.values()) if (next === undefined || deadlineMs < next) next = deadlineMs
    return next
  }

  #settleIfOver(send: PendingSend): IrcOutcomeEvent | undefined {
    if (send.awaited.size > 0) return undefined
    if (send.failure === undefined && send.written < send.lines.length) return undefined
    return this.#settle(send, send.accepted >= send.lines.length)
  }

  #fail(send: PendingSend, code: IrcCode, detail: string): IrcOutcomeEvent {
    this.#forget(send)
    const { failure } = send
    if (failure !== undefined) return this.#failed(send, failure.code, failure.detail)
    return { kind: 'outcome', id: send.id, status: 'failed', code, detail, isCertain: send.written === 0, msgid: send.msgid }
  }

  #settle(send: PendingSend, isConfirmed: boolean): IrcOutcomeEvent {
    this.#forget(send)
    if (send.failure !== undefined) return this.#failed(send, send.failure.code, send.failure.detail)
    return {
      kind: 'outcome',
      id: send.id,
      status: isConfirmed ? 'confirmed' : 'sent',
      code: '',
      detail: '',
      isCertain: true,
      msgid: send.msgid,
    }
  }

  /** A refused line means that nothing arrived only where no other line did. */
  #failed(send: PendingSend, code: IrcCode, detail: string): IrcOutcomeEvent {
    return { kind: 'outcome', id: send.id, status: 'failed', code, detail, isCertain: send.refused >= send.written, msgid: send.msgid }
  }

  #forget(send: PendingSend): void {
    this.#byId.delete(send.id)
    for (const token of send.awaited) this.#byToken.delete(token)
  }
}

/** One that nothing is known of yet. `target`: folded. */
export function pendingSend(id: string, target: string, lines: readonly string[], deadlineMs: number): PendingSend {
  return { id, target, lines, written: 0, awaited: new Set(), accepted: 0, refused: 0, failure: undefined, msgid: '', deadlineMs }
}
