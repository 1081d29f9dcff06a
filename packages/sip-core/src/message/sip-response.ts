import type { SipHeaders } from '../header/sip-headers.ts'
import { toLineText } from '../text/header-text.ts'
import { SipMessageBase } from './sip-message-base.ts'
import type { ReceivedStartLine } from './start-line.ts'

/** A response. RFC 3261 §7.2. */
export class SipResponse extends SipMessageBase {
  readonly isRequest = false
  /** 100–699; 0 in a malformed frame whose status could not be read. */
  readonly status: number
  /** latin1 text. */
  readonly reason: string
  readonly version: string
  readonly #received: ReceivedStartLine | undefined

  constructor(status: number, reason: string, headers: SipHeaders, body: Uint8Array, received?: ReceivedStartLine) {
    super(headers, body)
    this.status = status
    this.reason = received === undefined ? toLineText(reason) : reason
    this.version = received === undefined ? 'SIP/2.0' : received.version
    this.#received = received
  }

  /** Start line with its CRLF. */
  get startLine(): string {
    return this.#received === undefined
      ? `SIP/2.0 ${this.status} ${this.reason}\r\n`
      : this.#received.head.slice(0, this.#received.startLineEnd)
  }

  copy(): SipResponse {
    return new SipResponse(this.status, this.reason, this.headers.copy(), this.body, this.#received)
  }
}
