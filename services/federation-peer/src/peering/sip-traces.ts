import type { SipMessage } from '@gatehouse/sip-core'
import type { EdgeConnection } from '../edge/connection.ts'
import { stateOf } from '../session/connection-state.ts'
import { type ShownMessage, showMessage } from './traced-message.ts'

/** One message at the edge. */
export interface TracedMessage extends ShownMessage {
  readonly atMs: number
  readonly isReceived: boolean
  readonly side: string
  readonly partner: string
  readonly remote: string
  /** Empty: none. */
  readonly defect: string
}

/** What somebody wants to see. */
export interface TraceWish {
  /** Lower case. */
  readonly partner: string
  readonly untilMs: number
  readonly maxMessages: number
}

/** For a caller who reads slowly; more are counted, not kept. */
const MAX_WAITING = 500

/** Messages for one caller, between the edge that must not wait and the caller who may. */
export class SipTrace {
  readonly wish: TraceWish
  /** Messages that fitted the wish, whether the caller got them or not. */
  seen = 0
  #missed = 0
  #isOver = false
  readonly #waiting: { readonly message: TracedMessage; readonly missed: number }[] = []
  #wake: (() => void) | undefined

  constructor(wish: TraceWish) {
    this.wish = wish
  }

  get isFull(): boolean {
    return this.seen >= this.wish.maxMessages
  }

  /** Nothing comes any more, and everything was read. */
  get isDone(): boolean {
    return (this.#isOver || this.isFull) && this.#waiting.length === 0
  }

  take(message: TracedMessage): void {
    if (this.isFull || this.#isOver) return
    this.seen++
    if (this.#waiting.length >= MAX_WAITING) this.#missed++
    else {
      this.#waiting.push({ message, missed: this.#missed })
      this.#missed = 0
    }
    this.wake()
  }

  next(): { readonly message: TracedMessage; readonly missed: number } | undefined {
    return this.#waiting.shift()
  }

  /** Resolves when there may be something to read, or when it is over. */
  somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  end(): void {
    this.#isOver = true
    this.wake()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** Whose messages are shown right now; nearly always nobody's, and then a message costs one look at `isOn`. */
export class SipTraces {
  readonly #open = new Set<SipTrace>()
  isOn = false

  get count(): number {
    return this.#open.size
  }

  add(trace: SipTrace): void {
    this.#open.add(trace)
    this.isOn = true
  }

  remove(trace: SipTrace): void {
    this.#open.delete(trace)
    this.isOn = this.#open.size > 0
  }

  /** Until when messages of that connection are shown; 0: they are not. */
  untilMs(connection: EdgeConnection): number {
    if (!this.isOn) return 0
    const names = namesOf(connection)
    return Math.max(0, ...[...this.#open].filter(({ wish }) => names.has(wish.partner)).map(({ wish }) => wish.untilMs))
  }

  /** Called only while `isOn`. */
  note(connection: EdgeConnection, message: SipMessage, isReceived: boolean, nowMs: number, defect = ''): void {
    let names: ReadonlySet<string> | undefined
    let shown: TracedMessage | undefined
    for (const trace of this.#open) {
      if (trace.isFull || nowMs >= trace.wish.untilMs) continue
      names ??= namesOf(connection)
      if (!names.has(trace.wish.partner)) continue
      shown ??= {
        ...showMessage(message),
        atMs: nowMs,
        isReceived,
        side: connection.side,
        partner: partnerOf(connection),
        remote: `${connection.remote.address}:${connection.remote.port}`,
        defect,
      }
      trace.take(shown)
    }
  }
}

/** What a peer is called, as far as it is known: policy's name for it, or what it shows. */
export function partnerOf(connection: EdgeConnection): string {
  const state = stateOf(connection)
  return (
    state.servedPartner ??
    state.bound?.partner ??
    connection.peer.names.dns[0] ??
    connection.peer.names.commonName ??
    connection.remote.address
  )
}

/** Every name somebody may know it by, in lower case. */
function namesOf(connection: EdgeConnection): ReadonlySet<string> {
  const { servedPartner, bound, domains } = stateOf(connection)
  const { dns, sipDomains, commonName } = connection.peer.names
  const names = [
    servedPartner,
    bound?.partner,
    commonName,
    connection.dialedKey,
    connection.remote.address,
    ...dns,
    ...sipDomains,
    ...(domains ?? []),
  ]
  return new Set(names.filter((name) => name !== undefined).map((name) => name.toLowerCase()))
}
