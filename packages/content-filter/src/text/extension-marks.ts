import { endsLink, isAlphanumeric } from './characters.ts'

/** Listed extensions that are top-level domains too: in a query, or before a slash, they are taken for a host name. */
const ALSO_DOMAINS: ReadonlySet<string> = new Set(['app', 'com', 'pl'])

const LONGEST_EXTENSION = 16

/** One run of link text: where it ends and where the last listed extension stands in it. Made once, however many links share the run. */
export class LinkRun {
  readonly end: number
  /** Index of the dot; -1: none. */
  readonly lastListed: number
  readonly extension: string
  /** Index of the last `@`; -1: none. */
  readonly lastAt: number
  readonly #slashes: number[]
  #nextSlash = 0

  private constructor(end: number, lastListed: number, extension: string, lastAt: number, slashes: number[]) {
    this.end = end
    this.lastListed = lastListed
    this.extension = extension
    this.lastAt = lastAt
    this.#slashes = slashes
  }

  /** `extensions`: without dots, lower case. */
  static at(text: string, from: number, extensions: ReadonlySet<string>): LinkRun {
    let end = from
    let isInQuery = false
    let lastListed = -1
    let extension = ''
    let lastAt = -1
    const slashes: number[] = []
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (endsLink(code)) break
      if (code === 0x40) lastAt = end
      else if (code === 0x2f || code === 0x5c) slashes.push(end)
      else if (code === 0x3f || code === 0x23) {
        isInQuery = true
        slashes.push(end)
      } else if (code === 0x2e) {
        const word = finalExtension(text, end)
        if (!extensions.has(word) || (ALSO_DOMAINS.has(word) && (isInQuery || isFollowedByPath(text, end + 1 + word.length)))) continue
        lastListed = end
        extension = word
      }
    }
    return new LinkRun(end, lastListed, extension, lastAt, slashes)
  }

  /** First `/`, `\`, `?` or `#` at or after `from`; the end when there is none. Calls have to come with growing `from`. */
  authorityEnd(from: number): number {
    while (this.#nextSlash < this.#slashes.length && (this.#slashes[this.#nextSlash] as number) < from) this.#nextSlash++
    return this.#slashes[this.#nextSlash] ?? this.end
  }
}

/** The extension that begins at the dot, if a name ends with it; the dots that Windows ignores at the end of a name do not matter. */
function finalExtension(text: string, dot: number): string {
  let at = dot + 1
  while (at < text.length && at - dot <= LONGEST_EXTENSION && isAlphanumeric(text.charCodeAt(at))) at++
  if (at === dot + 1 || at - dot > LONGEST_EXTENSION) return ''
  const next = text.charCodeAt(at)
  const goesOn = next === 0x2d || next === 0x5f || (next === 0x2e && isAlphanumeric(text.charCodeAt(at + 1)))
  return goesOn ? '' : text.slice(dot + 1, at).toLowerCase()
}

function isFollowedByPath(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x2f || code === 0x5c || code === 0x3a || code === 0x40
}
