import { Buffer } from 'node:buffer'
import { type ParsedHead, parseHead } from '../message/parse-head.ts'
import { createDefect, type SipDefect } from '../message/sip-defect.ts'
import type { SipMessage } from '../message/sip-message.ts'
import { CR, LF } from '../text/characters.ts'
import { ByteQueue } from './byte-queue.ts'
import { DEFAULT_FRAMING_LIMITS, type Frame, type FramingLimits } from './frame.ts'

const HEAD_END: Buffer = Buffer.from('\r\n\r\n', 'latin1')
const NO_BODY = new Uint8Array(0)
const KEEPALIVE: Frame = { kind: 'keepalive' }

/**
 * Cuts a stream into SIP messages (RFC 3261 §18.3: on stream transports Content-Length says where a message ends).
 * Hand in bytes with `handleData`, then call `takeFrame` until it gives undefined. Never throws on input; after a
 * `broken` frame everything further is ignored. How the bytes were cut into chunks makes no difference.
 */
export class SipStreamFramer {
  readonly #limits: FramingLimits
  readonly #queue = new ByteQueue()
  /** Up to here the unread bytes were searched for the end of the head. */
  #searched = 0
  /** One CRLF was dropped before a start line; a second one makes a keep-alive. */
  #hasCrlf = false
  /** A head whose body is still coming. */
  #pending: ParsedHead | undefined
  #broken: Frame | undefined
  #isClosed = false

  constructor(limits: Partial<FramingLimits> = {}) {
    this.#limits = { ...DEFAULT_FRAMING_LIMITS, ...limits }
  }

  /** Unread bytes; at most the limits for one message plus one chunk. */
  get bufferedBytes(): number {
    return this.#queue.length
  }

  /** True while a part of a message is waiting for the rest: for the deadline of slow senders. */
  get isMidMessage(): boolean {
    return this.#pending !== undefined || this.#queue.length > 0
  }

  /**
   * More bytes from the stream. The chunk may be kept as a view until the frames in it were taken (bodies are
   * views too), so the caller must not write to it again.
   */
  handleData(chunk: Uint8Array): void {
    if (this.#isClosed || this.#broken !== undefined || chunk.length === 0) return
    if (this.#queue.length > this.#limits.maxHeadBytes + this.#limits.maxBodyBytes) {
      this.#break(createDefect('GH-SIP-BACKLOG', `${this.#queue.length} bytes unread`), undefined)
      return
    }
    const before = this.#queue.start
    this.#queue.append(chunk)
    // The queue may have moved its bytes: what was searched keeps its distance from the first unread byte.
    this.#searched += this.#queue.start - before
  }

  /** The next frame, or undefined when more bytes are needed. */
  takeFrame(): Frame | undefined {
    if (this.#isClosed) return undefined
    if (this.#broken === undefined) {
      const frame = this.#pending === undefined ? this.#takeHead() : this.#takeBody(this.#pending)
      if (frame === undefined && this.#queue.length === 0) this.#rest()
      if (frame !== undefined || this.#broken === undefined) return frame
    }
    this.#isClosed = true
    this.#queue.clear()
    return this.#broken
  }

  /** Everything was read: a peer that is silent from here on shall not keep its last chunk in memory. */
  #rest(): void {
    this.#queue.clear()
    this.#searched = 0
  }

  #takeHead(): Frame | undefined {
    if (this.#skipLineEnds()) return KEEPALIVE
    const queue = this.#queue
    const start = queue.start
    const from = Math.max(this.#searched, start)
    const found = queue.length < HEAD_END.length ? -1 : queue.bytes.indexOf(HEAD_END, from)
    const headBytes = found < 0 ? queue.length : found + HEAD_END.length - start
    if (headBytes > this.#limits.maxHeadBytes) {
      return this.#break(createDefect('GH-SIP-HEAD-SIZE', `more than ${this.#limits.maxHeadBytes} bytes`), undefined)
    }
    if (found < 0) {
      this.#searched = Math.max(from, queue.bytes.length - HEAD_END.length + 1)
      return undefined
    }
    const head = parseHead(queue.bytes, start, headBytes, this.#limits.maxHeaderLines)
    queue.skip(headBytes)
    this.#searched = queue.start
    this.#hasCrlf = false
    return this.#acceptHead(head)
  }

  #acceptHead(head: ParsedHead): Frame | undefined {
    if (head.isBroken) return this.#break(head.defect!, head.message)
    // RFC 3261 §18.3: Content-Length MUST be present on stream transports.
    if (head.bodyBytes === undefined) return this.#break(createDefect('GH-SIP-CONTENT-LENGTH', 'missing'), head.message)
    if (head.bodyBytes > this.#limits.maxBodyBytes) {
      return this.#break(createDefect('GH-SIP-BODY-SIZE', `${head.bodyBytes} bytes announced`), head.message)
    }
    if (head.bodyBytes === 0) return finish(head, NO_BODY)
    return this.#takeBody(head)
  }

  #takeBody(head: ParsedHead): Frame | undefined {
    const bodyBytes = head.bodyBytes!
    const queue = this.#queue
    if (queue.length < bodyBytes) {
      this.#pending = head
      return undefined
    }
    this.#pending = undefined
    const body = queue.bytes.subarray(queue.start, queue.start + bodyBytes)
    queue.skip(bodyBytes)
    this.#searched = queue.start
    return finish(head, body)
  }

  /**
   * Drops line ends before a start line (RFC 3261 §7.5); true when two in a row made a keep-alive (RFC 5626 §3.5.1).
   * A CR whose LF has not come yet stays.
   */
  #skipLineEnds(): boolean {
    const queue = this.#queue
    while (queue.length >= 2 && queue.bytes[queue.start] === CR && queue.bytes[queue.start + 1] === LF) {
      queue.skip(2)
      this.#hasCrlf = !this.#hasCrlf
      if (!this.#hasCrlf) return true
    }
    return false
  }

  #break(defect: SipDefect, message: SipMessage | undefined): undefined {
    this.#broken = { kind: 'broken', defect, message }
    this.#pending = undefined
    return undefined
  }
}

function finish(head: ParsedHead, body: Uint8Array): Frame {
  const message = head.message
  if (message !== undefined) message.body = body
  if (head.defect !== undefined) return { kind: 'malformed', defect: head.defect, message }
  return { kind: 'message', message: message! }
}
