import type { SipHeaders } from '../header/sip-headers.ts'
import { parseSipUri, type SipUri, scanSipUri } from '../uri/sip-uri.ts'
import { SipMessageBase } from './sip-message-base.ts'
import { type ReceivedStartLine, toStartLineWord } from './start-line.ts'

/** A request. RFC 3261 §7.1. */
export class SipRequest extends SipMessageBase {
  readonly isRequest = true
  /** Of the start line as received, for example `SIP/2.0`. */
  readonly version: string
  #method: string
  #requestUri: string
  /** The start line as received stands at the beginning of `head`; undefined when it is to be written anew. */
  #received: ReceivedStartLine | undefined
  #sipUri: SipUri | undefined | null = null

  constructor(method: string, requestUri: string, headers: SipHeaders, body: Uint8Array, received?: ReceivedStartLine) {
    super(headers, body)
    this.#method = received === undefined ? toStartLineWord(method) : method
    this.#requestUri = received === undefined ? toStartLineWord(requestUri) : requestUri
    this.version = received === undefined ? 'SIP/2.0' : received.version
    this.#received = received
  }

  /** Case-sensitive. RFC 3261 §7.1. */
  get method(): string {
    return this.#method
  }

  set method(method: string) {
    this.#method = toStartLineWord(method)
    this.#received = undefined
  }

  /** As it came. */
  get requestUri(): string {
    return this.#requestUri
  }

  set requestUri(uri: string) {
    this.#requestUri = toStartLineWord(uri)
    this.#received = undefined
    this.#sipUri = null
  }

  /** The Request-URI taken apart; undefined for other schemes or when not well formed. */
  requestSipUri(): SipUri | undefined {
    if (this.#sipUri === null) {
      // Outside of dialogs both are nearly always the same.
      const to = this.to()
      if (to?.uri === this.#requestUri) {
        this.#sipUri = to.sipUri
        return this.#sipUri
      }
      const start = this.#method.length + 1
      const uri = this.#requestUri
      // In place where the start line is as received: a slice of a long text is slower to read.
      this.#sipUri = this.#received === undefined ? parseSipUri(uri) : scanSipUri(this.#received.head, start, start + uri.length)
    }
    return this.#sipUri
  }

  /** Start line with its CRLF. */
  get startLine(): string {
    return this.#received === undefined
      ? `${this.#method} ${this.#requestUri} SIP/2.0\r\n`
      : this.#received.head.slice(0, this.#received.startLineEnd)
  }

  /** A request that can be edited without changing this one; lines and body bytes are shared. */
  copy(): SipRequest {
    return new SipRequest(this.#method, this.#requestUri, this.headers.copy(), this.body, this.#received)
  }
}
