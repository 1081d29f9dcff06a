/** What a message carries for people to read. */
export interface MessageContent {
  /** As in the header; empty: none. */
  readonly contentType: string
  readonly body: Uint8Array
  /** Values of an INVITE's `ms-text-format` header. */
  readonly textFormat: readonly string[]
}

/** Why a message is blocked. `unreadable`: it cannot be looked into, so nobody can say that it is harmless. */
export type FilterCause = 'link' | 'extension' | 'too-many-links' | 'file' | 'pattern' | 'unreadable'

export interface FilterOutcome {
  readonly verdict: 'pass' | 'alter' | 'block'
  /** With `block`. */
  readonly cause: FilterCause | undefined
  /** Facts about what was found, never the text itself. */
  readonly detail: string
  /** With `alter`: what takes the place of the content. */
  readonly content: MessageContent | undefined
  /** Characters looked at, counting each look: grows in proportion to the content, whatever it is. */
  readonly steps: number
}
