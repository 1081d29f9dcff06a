import type { TextView } from './text/text-view.ts'

/** Around a notice of a filter: invisible, so that the next gate finds and replaces it (lcs-edge §10, chain rule). */
export const NOTICE_MARK = '\u2063\u2063'

/** A link that a carrier itself marks as one, such as the value of an `href`. */
export interface MarkedLink {
  /** Where an underscore makes it harmless. */
  readonly at: number
  /** Its address as programs read it. */
  readonly target: TextView
  readonly name: string
}

/** One text as its carrier wrote it, with what there is to see in it. */
export interface Reading {
  readonly source: string
  /** Everything a program might look for links in. */
  readonly views: readonly TextView[]
  readonly marked: readonly MarkedLink[]
  /** Places in the source that `marked` has dealt with. */
  readonly handled: ReadonlySet<number> | undefined
  /** What people read: patterns are looked for here. */
  readonly visible: TextView
  /** Where a notice goes. */
  readonly noticeAt: number
  /** Where in the source the text people see begins, if the carrier has other text before it. */
  readonly frontAt?: number | undefined
  readonly encodeNotice: (text: string) => string
}
