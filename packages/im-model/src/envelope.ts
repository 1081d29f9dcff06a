import type { ImAddress } from './address.ts'
import type { ImContent } from './im-content.ts'

/** What a message is, whatever protocol carried it. */
export type EnvelopeKind = 'message' | 'typing' | 'receipt' | 'presence' | 'session' | 'other'

/** Which way a message goes through the gate. */
export type Direction = 'inbound' | 'outbound' | 'transit'

/** What a message carries for people to read. */
export interface MessageContent {
  /** As in the header; empty: none. */
  readonly contentType: string
  readonly body: Uint8Array
  /** Content-Encoding, lower case; absent: none (RFC 3261 §20.12). */
  readonly contentEncoding?: string | undefined
  /** Values of an INVITE's `ms-text-format` header: the first message of a session (lcs-edge §12.1). */
  readonly textFormat: readonly string[]
}

/** LCS's mark of a sender. */
export type Mark = 'verified' | 'unverified'

/** Evidence class behind a mark: V3 cryptographic … V0 nothing. */
export type EvidenceClass = 'V0' | 'V1' | 'V2' | 'V3'

/**
 * One event on its way between services. Addresses are those that our inside knows people by; only a connector knows its network's own
 * (architecture §1).
 */
export interface Envelope {
  /** 16 bytes, unique, time-ordered, given where it came in; the id of the archive's record. */
  readonly id: Uint8Array
  readonly receivedAtMs: number
  readonly from: ImAddress
  readonly to: ImAddress
  /** Thread it belongs to: a SIP Call-ID, an XMPP thread or an id made from the pair. Never empty; order is kept within it. */
  readonly conversation: string
  readonly content: ImContent
}
