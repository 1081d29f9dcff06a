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
