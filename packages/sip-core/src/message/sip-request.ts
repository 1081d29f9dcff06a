import type { SipHeaders } from '../header/sip-headers.ts'
import { parseSipUri, type SipUri } from '../uri/sip-uri.ts'
import { SipMessageBase } from './sip-message-base.ts'
import { toStartLineWord } from './start-line.ts'

/** A request. RFC 3261 §7.1. */
export class SipRequest extends SipMessageBase {
  readonly isRequest = true
  /** Of the start line as received, for example `SIP/2.0`. */
  readonly version: string
  #method: string
  #requestUri: string
  #startLine: string | undefined
  #sipUri: SipUri | undefined | null = null

  /** `startLine`: as it came, with its CRLF; undefined to have it written from method and URI. */
  constructor(method: string, requestUri: string, headers: SipHeaders, body: Uint8Array, version = 'SIP/2.0', startLine?: string) {
    super(headers, body)
    this.#method = startLine === undefined ? toStartLineWord(method) : method
    this.#requestUri = startLine === undefined ? toStartLineWord(requestUri) : requestUri
    this.version = version
    this.#startLine = startLine
  }

  /** Case-sensitive. RFC 3261 §7.1. */
  get method(): string {
    return this.#method
  }

  set method(method: string) {
    this.#method = toStartLineWord(method)
    this.#startLine = undefined
  }

  /** As it came. */
  get requestUri(): string {
    return this.#requestUri
  }

  set requestUri(uri: string) {
    this.#requestUri = toStartLineWord(uri)
    this.#startLine = undefined
    this.#sipUri = null
  }

  /** The Request-URI taken apart; undefined for other schemes or when not well formed. */
  requestSipUri(): SipUri | undefined {
    if (this.#sipUri === null) this.#sipUri = parseSipUri(this.#requestUri)
    return this.#sipUri
  }

  /** Start line with its CRLF. */
  get startLine(): string {
    return this.#startLine ?? `${this.#method} ${this.#requestUri} SIP/2.0\r\n`
  }

  /** A request that can be edited without changing this one; lines and body bytes are shared. */
  copy(): SipRequest {
    return new SipRequest(this.#method, this.#requestUri, this.headers.copy(), this.body, this.version, this.startLine)
  }
}
