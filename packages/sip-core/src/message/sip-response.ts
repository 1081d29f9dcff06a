import type { SipHeaders } from '../header/sip-headers.ts'
import { toLineText } from '../text/header-text.ts'
import { SipMessageBase } from './sip-message-base.ts'

/** A response. RFC 3261 §7.2. */
export class SipResponse extends SipMessageBase {
  readonly isRequest = false
  /** 100–699; 0 in a malformed frame whose status could not be read. */
  readonly status: number
  /** latin1 text. */
  readonly reason: string
  readonly version: string
  readonly #startLine: string | undefined

  constructor(status: number, reason: string, headers: SipHeaders, body: Uint8Array, version = 'SIP/2.0', startLine?: string) {
    super(headers, body)
    this.status = status
    this.reason = startLine === undefined ? toLineText(reason) : reason
    this.version = version
    this.#startLine = startLine
  }

  /** Start line with its CRLF. */
  get startLine(): string {
    return this.#startLine ?? `SIP/2.0 ${this.status} ${this.reason}\r\n`
  }

  copy(): SipResponse {
    return new SipResponse(this.status, this.reason, this.headers.copy(), this.body, this.version, this.startLine)
  }
}
