import type { SipDefect } from '../message/sip-defect.ts'
import type { SipMessage } from '../message/sip-message.ts'

/** Bounds of one message on a stream. */
export interface FramingLimits {
  /** Start line, headers and the empty line. 64 KiB: ten times the longest head of real traffic. */
  readonly maxHeadBytes: number
  /** Header lines, folds not counted. 256: a request passes at most 70 proxies, with Via and Record-Route each. */
  readonly maxHeaderLines: number
  /** 1 MiB: presence documents and rosters fit, files do not travel in SIP. */
  readonly maxBodyBytes: number
}

export const DEFAULT_FRAMING_LIMITS: FramingLimits = { maxHeadBytes: 65_536, maxHeaderLines: 256, maxBodyBytes: 1_048_576 }

/** What the framer found on the stream. */
export type Frame =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** In step with the stream, but to be refused with `defect.status` when `message` is a request. */
  | { readonly kind: 'malformed'; readonly defect: SipDefect; readonly message: SipMessage | undefined }
  /** CRLFCRLF between messages. RFC 5626 §3.5.1. */
  | { readonly kind: 'keepalive' }
  /** The end of the message is unknown: answer when possible, then close. Nothing follows this frame. */
  | { readonly kind: 'broken'; readonly defect: SipDefect; readonly message: SipMessage | undefined }
