import { escapeXml } from '../xml/escape-xml.ts'
import { ns } from '../xml/namespaces.ts'
import type { XmlStreamEvent } from '../xml/stream-event.ts'
import { writeXml } from '../xml/write-xml.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import { XmlStreamReader } from '../xml/xml-stream-reader.ts'
import { type StreamCondition, streamConditionOf } from './stream-condition.ts'
import type { StreamManagement } from './stream-management.ts'
import type { Closing, StreamEvent, StreamSurroundings } from './stream-types.ts'

/** `halted`: waits for the TLS handshake, nothing is read. */
export type StreamPhase = 'negotiating' | 'halted' | 'ready' | 'closing' | 'closed'

const MAX_DETAIL = 1024

/**
 * One XMPP stream without its socket: what all roles share. Bytes and time in (`handle…`), bytes and events out (`takeWrite`, `takeEvent`),
 * and one question for the clock (`nextDeadlineMs`). After each call of a `handle…` or a command: write what `takeWrite` gives, then take all
 * events, then set the timer. Time must not run backwards.
 */
export abstract class XmppStream {
  protected readonly around: StreamSurroundings
  protected readonly reader: XmlStreamReader
  protected phase: StreamPhase = 'negotiating'
  protected management: StreamManagement | undefined
  #write = ''
  readonly #events: StreamEvent[] = []
  #hasSentHeader = false
  #hasSentEnd = false
  #nowMs: number
  #lastReadMs: number
  #lastWriteMs: number
  /** Since when a sign of life is asked for; undefined: it is not. */
  #askedMs: number | undefined
  /** End of the negotiation, or of the closing. */
  #phaseEndsMs: number
  #closing: Closing | undefined

  constructor(around: StreamSurroundings, nowMs: number) {
    this.around = around
    this.reader = new XmlStreamReader(around.limits.strangers)
    this.#nowMs = nowMs
    this.#lastReadMs = nowMs
    this.#lastWriteMs = nowMs
    this.#phaseEndsMs = nowMs + around.timers.negotiationMs
  }

  get isReady(): boolean {
    return this.phase === 'ready'
  }

  get isClosed(): boolean {
    return this.phase === 'closed'
  }

  handleData(chunk: Uint8Array, nowMs: number): void {
    this.advance(nowMs)
    // Before TLS is up nobody knows who wrote it; after the end nobody reads it.
    if (this.phase === 'halted' || this.phase === 'closed') return
    this.#lastReadMs = this.#nowMs
    this.#askedMs = undefined
    this.reader.handleData(chunk)
    this.drainReader()
  }

  /** The socket is gone; `detail` says why. */
  handleGone(nowMs: number, detail: string): void {
    this.advance(nowMs)
    if (this.phase === 'closed') return
    this.#finish({ by: 'network', condition: undefined, detail })
  }

  handleTimeout(nowMs: number): void {
    this.advance(nowMs)
    const { timers } = this.around
    if (this.phase === 'closed') return
    if (this.phase === 'closing') {
      if (this.#nowMs >= this.#phaseEndsMs) this.#finish(undefined)
      return
    }
    if (this.phase !== 'ready') {
      if (this.#nowMs >= this.#phaseEndsMs) this.fail('connection-timeout', 'the negotiation took too long')
      return
    }
    this.onTick(this.#nowMs)
    if (this.phase !== 'ready') return
    if (this.#askedMs !== undefined && this.#nowMs - this.#askedMs >= timers.deadMs) {
      this.fail('connection-timeout', 'no sign of life')
    } else if (this.#askedMs === undefined && this.#nowMs - this.#lastReadMs >= timers.quietMs) {
      this.#askForLife()
    } else if (this.#nowMs - this.#lastWriteMs >= timers.keepaliveMs) this.write(' ')
  }

  /** When `handleTimeout` has to be called at the latest; undefined: never. */
  nextDeadlineMs(): number | undefined {
    const { timers } = this.around
    if (this.phase === 'closed') return undefined
    if (this.phase !== 'ready') return this.#phaseEndsMs
    const life = this.#askedMs === undefined ? this.#lastReadMs + timers.quietMs : this.#askedMs + timers.deadMs
    return Math.min(life, this.#lastWriteMs + timers.keepaliveMs, this.nextOwnDeadlineMs())
  }

  /** Text to be written to the socket, UTF-8; empty: nothing. */
  takeWrite(): string {
    const request = this.phase === 'ready' ? this.management?.takeRequest() : undefined
    if (request !== undefined) this.send(request)
    const text = this.#write
    this.#write = ''
    if (text !== '') this.#lastWriteMs = this.#nowMs
    return text
  }

  takeEvent(): StreamEvent | undefined {
    return this.#events.shift()
  }

  /** A stanza was dealt with: from now on it may be acknowledged (XEP-0198 §4). */
  markHandled(nowMs: number, arrival: number): void {
    this.advance(nowMs)
    const { management } = this
    if (arrival === 0 || management === undefined || this.phase === 'closed') return
    if (management.noteHandled(arrival)) this.send(management.answer())
  }

  /** Ends the stream: with a condition as an error, without one in good order. */
  close(nowMs: number, condition?: StreamCondition, detail = ''): void {
    this.advance(nowMs)
    if (this.phase === 'closing' || this.phase === 'closed') return
    this.#end('us', condition, detail)
  }

  protected advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
  }

  protected get nowMs(): number {
    return this.#nowMs
  }

  protected abstract onHeader(header: XmlElement, contentNs: string): void
  protected abstract onElement(element: XmlElement): void
  /** Something the peer has to answer; undefined where we may write nothing. */
  protected abstract signOfLife(): XmlElement | undefined
  /** What can be resumed after the connection is lost. */
  protected abstract sessionLeft(): Closing['session']

  protected onTick(_nowMs: number): void {}

  protected nextOwnDeadlineMs(): number {
    return Number.POSITIVE_INFINITY
  }

  protected drainReader(): void {
    while (this.phase === 'negotiating' || this.phase === 'ready' || this.phase === 'closing') {
      const event = this.reader.takeEvent()
      if (event === undefined) return
      this.#take(event)
    }
  }

  protected emit(event: StreamEvent): void {
    this.#events.push(event)
  }

  /** Nothing is written behind our end of the stream. */
  protected write(text: string): void {
    if (!this.#hasSentEnd) this.#write += text
  }

  protected send(element: XmlElement): void {
    this.write(writeXml(element, ns.client))
  }

  /** RFC 6120 §4.7; `contentNs` as it stands on the wire. */
  protected sendHeader(contentNs: string, attributes: Readonly<Record<string, string | undefined>>): void {
    let text = `<?xml version='1.0'?><stream:stream xmlns='${contentNs}' xmlns:stream='${ns.streams}'`
    if (contentNs === ns.server) text += ` xmlns:db='${ns.dialback}'`
    for (const name in attributes) {
      const value = attributes[name]
      if (value !== undefined) text += ` ${name}='${escapeXml(value)}'`
    }
    this.write(`${text}>`)
    this.#hasSentHeader = true
  }

  /** The peer has to begin a new stream (RFC 6120 §4.3.3). */
  protected expectRestart(): void {
    this.#hasSentHeader = false
    this.reader.restart()
  }

  /** Stops reading until the connection is secure; whatever came meanwhile is dropped. */
  protected halt(): void {
    this.phase = 'halted'
    this.emit({ kind: 'startTls' })
  }

  protected resumeSecured(nowMs: number): void {
    this.advance(nowMs)
    this.#hasSentHeader = false
    this.reader.restartClean()
    this.phase = 'negotiating'
  }

  protected becomeReady(): void {
    this.phase = 'ready'
    this.#askedMs = undefined
    this.reader.setLimits(this.around.limits.peers)
  }

  protected fail(condition: StreamCondition, detail: string): void {
    if (this.phase === 'closing' || this.phase === 'closed') return
    // RFC 6120 §4.9.1.2: the error stands within a stream, so there has to be one.
    if (!this.#hasSentHeader) this.sendHeader(ns.server, { id: this.around.newId(), version: '1.0' })
    this.#end('us', condition, detail)
  }

  #askForLife(): void {
    const question = this.signOfLife()
    if (question === undefined) {
      // A dead connection then shows in the keep-alives that nobody acknowledges: the socket's affair.
      this.#lastReadMs = this.#nowMs
      return
    }
    this.#askedMs = this.#nowMs
    this.send(question)
  }

  #take(event: XmlStreamEvent): void {
    if (event.kind === 'close') this.#onPeerEnd(undefined, '')
    else if (event.kind === 'defect') {
      if (this.phase === 'closing') this.#finish(undefined)
      else this.fail(event.condition, event.detail)
    } else if (event.kind === 'open') this.onHeader(event.header, event.contentNs)
    else if (event.element.is('error', ns.streams)) this.#onPeerError(event.element)
    else this.onElement(event.element)
  }

  #onPeerError(error: XmlElement): void {
    const condition = error.elements().find((child) => child.ns === ns.streamErrors && child.name !== 'text')
    const text = error.child('text', ns.streamErrors)?.text() ?? ''
    this.#onPeerEnd(streamConditionOf(condition?.name), text.slice(0, MAX_DETAIL))
  }

  #onPeerEnd(condition: StreamCondition | undefined, detail: string): void {
    if (this.phase === 'closing') {
      this.#finish(undefined)
      return
    }
    this.#sendEnd()
    this.#finish({ by: 'peer', condition, detail })
  }

  #end(by: Closing['by'], condition: StreamCondition | undefined, detail: string): void {
    // XEP-0198 §4: the last chance to say what was dealt with; the other side gives up the rest, and tells its senders
    if (this.phase === 'ready' && this.management?.hasHandled === true) this.send(this.management.answer())
    if (condition !== undefined) {
      // `detail` is for our log: a stranger learns the condition only (RFC 6120 §13.13).
      this.send(xml('error', ns.streams, {}, xml(condition, ns.streamErrors)))
    }
    this.#sendEnd()
    this.#closing = this.#completed({ by, condition, detail })
    this.phase = 'closing'
    this.#phaseEndsMs = this.#nowMs + this.around.timers.closeMs
    // After an error nothing of the peer is wanted any more (RFC 6120 §4.9.1.1).
    if (condition !== undefined || !this.#hasSentHeader) this.#finish(undefined)
  }

  #sendEnd(): void {
    if (this.#hasSentHeader && !this.#hasSentEnd) this.write('</stream:stream>')
    this.#hasSentEnd = true
  }

  #completed(closing: Pick<Closing, 'by' | 'condition' | 'detail'>): Closing {
    return {
      ...closing,
      unacked: this.management?.unackedTickets() ?? [],
      session: closing.by === 'network' ? this.sessionLeft() : undefined,
    }
  }

  #finish(closing: Pick<Closing, 'by' | 'condition' | 'detail'> | undefined): void {
    const last = this.#closing ?? this.#completed(closing ?? { by: 'network', condition: undefined, detail: '' })
    this.phase = 'closed'
    this.emit({ kind: 'closed', closing: last })
  }
}
