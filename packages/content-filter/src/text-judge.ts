import type { CompiledFilter } from './compile-filter.ts'
import type { FilterCause } from './outcome.ts'
import { readPlain } from './read-plain.ts'
import type { Reading } from './reading.ts'
import { MAX_LINKS } from './rules.ts'
import { type LinkScan, neutralise, scanLinks, withNotice } from './scan-reading.ts'
import { foldView } from './text/fold-view.ts'

/** An underscore can, in rare nestings of escapes, bring another link to light; more rounds than this is no accident. */
const MAX_ROUNDS = 6

export interface TextBlock {
  readonly cause: FilterCause
  readonly detail: string
}

/** Judges one text after another with one filter. */
export class TextJudge {
  readonly #filter: CompiledFilter
  steps = 0
  /** Of all texts of the message together. */
  #links = 0
  /** What was found and let pass or altered. */
  note = ''

  constructor(filter: CompiledFilter) {
    this.#filter = filter
  }

  /** The new text, why the message is blocked, or undefined when the text may stay as it is. */
  judge(source: string, read: (source: string) => Reading): string | TextBlock | undefined {
    const filter = this.#filter
    if (!filter.seeksLinks && filter.patterns.length === 0) return undefined
    const reading = read(source)
    const notices: string[] = []
    const pattern = filter.patterns.length === 0 ? undefined : this.#seekPatterns(reading, notices)
    if (pattern !== undefined) return pattern
    let current = reading
    if (filter.seeksLinks) {
      const scan = this.#scan(reading)
      this.#links += scan.places.size
      const refusal = this.#refusalOf(scan)
      if (refusal !== undefined) return refusal
      if (scan.places.size > 0 && filter.linkAction !== 'off') {
        if (filter.warnText !== '') notices.unshift(filter.warnText)
        if (filter.linkAction === 'neutralise') {
          const harmless = this.#neutralise(reading, scan, read)
          if (harmless === undefined) return { cause: 'link', detail: 'links that cannot be made harmless' }
          current = harmless
        }
        this.#remark(`${scan.places.size} links (${scan.prefix}): ${filter.linkAction}`)
      }
    }
    if (notices.length > 0) return withNotice(current, notices.join('\n'))
    return current === reading ? undefined : current.source
  }

  #scan(reading: Reading): LinkScan {
    const scan = scanLinks(reading, this.#filter)
    this.steps += scan.steps
    return scan
  }

  #refusalOf(scan: LinkScan): TextBlock | undefined {
    if (scan.extension !== '') return { cause: 'extension', detail: `a link to a file with the extension .${scan.extension}` }
    if (this.#links > MAX_LINKS) return { cause: 'too-many-links', detail: `more than ${MAX_LINKS} links` }
    const isBlocked = this.#filter.linkAction === 'block' && scan.places.size > 0
    return isBlocked ? { cause: 'link', detail: `${scan.places.size} links (${scan.prefix})` } : undefined
  }

  #neutralise(reading: Reading, first: LinkScan, read: (source: string) => Reading): Reading | undefined {
    let current = reading
    let scan = first
    for (let round = 0; round < MAX_ROUNDS; round++) {
      current = read(neutralise(current.source, scan.places))
      scan = this.#scan(current)
      if (scan.places.size === 0) return current
    }
    return undefined
  }

  #seekPatterns(reading: Reading, notices: string[]): TextBlock | undefined {
    const { visible } = reading
    const folded = foldView(visible)
    for (const { name, action, reason, matches } of this.#filter.patterns) {
      this.steps += visible.text.length
      if (!matches(folded.text) && (folded === visible || !matches(visible.text))) continue
      if (action === 'block') return { cause: 'pattern', detail: `pattern '${name}': ${reason}` }
      notices.push(reason)
      this.#remark(`pattern '${name}': warn`)
    }
    return undefined
  }

  #remark(text: string): void {
    this.note = this.note === '' ? text : `${this.note}; ${text}`
  }
}

/** The same for a text without a carrier: an XMPP body, the address of an out-of-band file (XEP-0066). */
export function filterText(filter: CompiledFilter, text: string): { readonly text: string } | TextBlock {
  const answer = new TextJudge(filter).judge(text, readPlain)
  return typeof answer === 'object' ? answer : { text: answer ?? text }
}
