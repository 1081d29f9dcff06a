/** A file that somebody offers: a link, never the bytes themselves. */
export interface FileOffer {
  readonly url: string
  /** Empty: not told. */
  readonly name: string
  /** Media type; empty: not told. */
  readonly mediaType: string
  /** Undefined: not told. */
  readonly bytes: number | undefined
}

/** What a sender wants to be told about a message. */
export type ReceiptWish = 'delivered' | 'displayed' | 'failed'

export interface MessageEvent {
  readonly kind: 'message'
  /** Id the sender's protocol gave it: what receipts and corrections refer to. Empty: none. */
  readonly messageId: string
  readonly text: string
  /** The same text with mark-up, sanitised by whoever took it in; absent: plain only. */
  readonly html?: string | undefined
  readonly subject?: string | undefined
  /** Of the text, as the sender's client said (RFC 5646); absent: not told. */
  readonly language?: string | undefined
  /** `messageId` of the message that this one corrects (XEP-0308). */
  readonly replaces?: string | undefined
  readonly files?: readonly FileOffer[] | undefined
  readonly wants?: readonly ReceiptWish[] | undefined
}

/** RFC 3994 knows active and idle only; the others are XEP-0085's. */
export interface TypingEvent {
  readonly kind: 'typing'
  readonly state: 'composing' | 'paused' | 'active' | 'inactive' | 'gone'
  /** How long `composing` holds unless it is said again (RFC 3994 §3.3); undefined: the protocol's default. */
  readonly refreshS?: number | undefined
}

export interface ReceiptEvent {
  readonly kind: 'receipt'
  /** `messageId` of the message it is about. */
  readonly of: string
  /** RFC 5438 disposition: `failed` and `error` tell that it did not arrive. */
  readonly state: 'delivered' | 'displayed' | 'failed' | 'error'
  /** Stable code behind `failed`; empty: none. */
  readonly code: string
  /** Word of the gate itself on a message that waited and was given up: when it was accepted. Who cannot be given receipts is told in words. */
  readonly acceptedAtMs?: number | undefined
}

export interface PresenceEvent {
  readonly kind: 'presence'
  /** The words of RFC 6121 §4.7.1; `available` for none. */
  readonly type: 'available' | 'unavailable' | 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed' | 'probe'
  readonly show?: 'away' | 'chat' | 'dnd' | 'xa' | undefined
  readonly note?: string | undefined
}

/** A conversation opens or ends, where the protocol has such a thing. */
export interface SessionEvent {
  readonly kind: 'session'
  readonly state: 'open' | 'closed'
}

/** What happened between two people, whatever protocol carried it. */
export type ImContent = MessageEvent | TypingEvent | ReceiptEvent | PresenceEvent | SessionEvent
