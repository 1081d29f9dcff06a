import type { MessageContent } from '@gatehouse/im-model'

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
