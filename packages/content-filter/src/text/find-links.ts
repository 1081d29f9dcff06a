import { hasWordAt, isAlphanumeric, isSpace } from './characters.ts'
import { LinkRun } from './extension-marks.ts'
import { isCleanEnd, isLocalAuthority } from './local-zone.ts'
import type { Prefixes } from './prefixes.ts'
import { isAdjacent, startOf, type TextView } from './text-view.ts'

/** Longest DNS label: how far `www*.` looks for its dot. */
const LONGEST_LABEL = 63
/** Schemes whose links have a host and a path. */
const HIERARCHICAL: ReadonlySet<string> = new Set(['http', 'https', 'ftp', 'gopher', 'file', 'ldap'])

export interface LinkSearch {
  readonly prefixes: Prefixes
  readonly ignoreLocal: boolean
  readonly localDomains: ReadonlySet<string>
  /** Without dots; empty: links to files are not looked for. */
  readonly extensions: ReadonlySet<string>
  /** Marks the places in the source that have been dealt with otherwise (attribute names). */
  readonly skip?: ReadonlySet<number> | undefined
}

export interface FoundLink {
  /** Where in the source an underscore has to be put. */
  readonly at: number
  readonly prefix: string
  /** The listed extension of the file it leads to; empty: none. */
  readonly extension: string
}

/** The links of one view, in order. Looks back only from `:`, `.` and `=`, so that plain text costs one comparison per character. */
export function findLinks(
  view: TextView,
  search: LinkSearch,
  limit: number,
): { readonly links: readonly FoundLink[]; readonly steps: number } {
  const finder = new LinkFinder(view, search, limit)
  finder.run()
  return finder
}

class LinkFinder {
  readonly links: FoundLink[] = []
  steps = 0
  readonly #view: TextView
  readonly #search: LinkSearch
  readonly #limit: number
  #run: LinkRun | undefined

  constructor(view: TextView, search: LinkSearch, limit: number) {
    this.#view = view
    this.#search = search
    this.#limit = limit
  }

  run(): void {
    const { text } = this.#view
    const length = text.length
    for (let at = 0; at < length && this.links.length <= this.#limit; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x3a) this.#atColon(at)
      else if (code === 0x2e) this.#atDot(at)
      else if (code === 0x3d) this.#atEquals(at)
    }
    this.steps += length
  }

  #atColon(at: number): void {
    const { text } = this.#view
    const next = text.charCodeAt(at + 1)
    if (Number.isNaN(next) || isSpace(next) || next === 0x22 || next === 0x27 || next === 0x3c) return
    const { schemes } = this.#search.prefixes
    this.steps += schemes.length
    for (const scheme of schemes) {
      const start = at - scheme.length
      if (!hasWordAt(text, start, scheme)) continue
      // `xhttp://` is a link to many programs, `hotel:5` to none
      const isUrl = next === 0x2f && text.charCodeAt(at + 2) === 0x2f
      if (!this.#isActive(start, isUrl)) continue
      if (HIERARCHICAL.has(scheme)) this.#addHierarchical(start, `${scheme}:`, at + 1, isUrl ? at + 3 : undefined, scheme === 'file')
      else this.#add(start, `${scheme}:`, '')
    }
  }

  #atDot(at: number): void {
    const { text } = this.#view
    const next = text.charCodeAt(at + 1)
    if (Number.isNaN(next) || isSpace(next) || next === 0x2e) return
    const { dotted, wild } = this.#search.prefixes
    this.steps += dotted.length
    for (const prefix of dotted) {
      const start = at - prefix.length
      if (hasWordAt(text, start, prefix) && this.#isActive(start, false)) this.#addHierarchical(start, `${prefix}.`, start, start, false)
    }
    if (wild.length > 0) this.#atWildDot(at)
  }

  /** `www*.`: a label that begins with `www`. Looks back over the label, at most as far as a label can be long. */
  #atWildDot(dot: number): void {
    const { text } = this.#view
    for (let start = dot - 1; start >= 0 && dot - start <= LONGEST_LABEL; start--) {
      this.steps++
      const code = text.charCodeAt(start)
      if (!(isAlphanumeric(code) || code === 0x2d || code === 0x5f || code > 0x7e)) return
      for (const stem of this.#search.prefixes.wild) {
        if (start + stem.length > dot || !hasWordAt(text, start, stem) || !this.#isActive(start, false)) continue
        this.#addHierarchical(start, `${stem}*.`, start, start, false)
      }
    }
  }

  #atEquals(at: number): void {
    const { text } = this.#view
    let end = at
    while (end > 0 && at - end < LONGEST_LABEL && isSpace(text.charCodeAt(end - 1))) end--
    this.steps += at - end
    for (const word of this.#search.prefixes.words) {
      const start = end - word.length
      if (hasWordAt(text, start, word) && this.#isActive(start, false)) this.#add(start, word, '')
    }
  }

  /**
   * Not in the middle of a word, and not made harmless by an underscore. Only what stands directly before it in the source counts:
   * a hidden character or a tag in between ends the word for the programs that show it.
   */
  #isActive(start: number, isAnywhere: boolean): boolean {
    if (this.#search.skip?.has(startOf(this.#view, start)) === true) return false
    if (start === 0 || !isAdjacent(this.#view, start)) return true
    const before = this.#view.text.charCodeAt(start - 1)
    return before !== 0x5f && (isAnywhere || !isAlphanumeric(before))
  }

  #addHierarchical(start: number, prefix: string, rest: number, authority: number | undefined, isFile: boolean): void {
    const { text } = this.#view
    const run = this.#runAt(rest)
    const authorityStart = authority ?? rest
    const authorityEnd = run.authorityEnd(authorityStart)
    const { ignoreLocal, localDomains } = this.#search
    const mayBeLocal = ignoreLocal && authority !== undefined && isCleanEnd(text, authorityEnd, run.lastAt)
    if (mayBeLocal && isLocalAuthority(text.slice(authorityStart, authorityEnd), localDomains)) return
    // `file:setup.exe` has no host; otherwise `.com` of the host is no extension
    const pathStart = authority === undefined || (isFile && authorityEnd === run.end) ? rest : authorityEnd
    this.#add(start, prefix, run.lastListed >= pathStart ? run.extension : '')
  }

  #runAt(at: number): LinkRun {
    if (this.#run === undefined || this.#run.end < at) {
      this.#run = LinkRun.at(this.#view.text, at, this.#search.extensions)
      this.steps += this.#run.end - at
    }
    return this.#run
  }

  #add(start: number, prefix: string, extension: string): void {
    this.links.push({ at: startOf(this.#view, start), prefix, extension })
  }
}
