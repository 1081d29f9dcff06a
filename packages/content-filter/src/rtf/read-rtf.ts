import { type MarkedLink, NOTICE_MARK, type Reading } from '../reading.ts'
import { isLetter } from '../text/characters.ts'
import { plainView, type TextView, ViewBuilder } from '../text/text-view.ts'

/** Control words that end a line or stand for white space or an unseen character. */
const WORDS: ReadonlyMap<string, number> = new Map([
  ['par', 0x0a],
  ['line', 0x0a],
  ['page', 0x0a],
  ['sect', 0x0a],
  ['row', 0x0a],
  ['cell', 0x09],
  ['tab', 0x09],
  ['emdash', 0x2014],
  ['endash', 0x2013],
  ['bullet', 0x2022],
  ['lquote', 0x27],
  ['rquote', 0x27],
  ['ldblquote', 0x22],
  ['rdblquote', 0x22],
  ['emspace', 0x20],
  ['enspace', 0x20],
  ['zwj', 0x200d],
  ['zwnj', 0x200c],
])

/** Groups of tables, not of text. */
const TABLES: ReadonlySet<string> = new Set(['fonttbl', 'colortbl', 'stylesheet', 'info'])
/** Field instructions that lead out of the text. */
const FIELDS = /\b(hyperlink|includetext|includepicture|dde|ddeauto)\s+/gi
const LONGEST_WORD = 32
/** Groups deeper than this are read all the same, with the escape rules of the last level that was kept. */
const MAX_GROUPS = 1000

/** text/rtf: the source, and its text with escapes decoded and control words taken out. The text of every group counts, shown or not. */
export function readRtf(source: string): Reading {
  const reader = new RtfReader(source)
  reader.run()
  const text = reader.text.take()
  return {
    source,
    views: [plainView(source), text],
    marked: fieldLinks(text),
    handled: undefined,
    visible: text,
    noticeAt: reader.noticeAt ?? source.length,
    frontAt: reader.frontAt,
    encodeNotice: (notice) => `{\\uc1 ${encodeRtf(NOTICE_MARK + notice + NOTICE_MARK)}\\par }`,
  }
}

class RtfReader {
  readonly text = new ViewBuilder()
  noticeAt: number | undefined
  /** The first character outside tables. */
  frontAt: number | undefined
  readonly #source: string
  /** Characters that follow each `\u` for readers that do not know it, per group (`\uc`). */
  readonly #skips: number[] = [1]
  #depth = 0
  #pendingSkip = 0
  /** Depth of the table that is being read; Infinity: none. */
  #tableDepth = Number.POSITIVE_INFINITY

  constructor(source: string) {
    this.#source = source
  }

  run(): void {
    const source = this.#source
    for (let at = 0; at < source.length; ) {
      const code = source.charCodeAt(at)
      if (code === 0x5c) at = this.#control(at)
      else {
        if (code === 0x7b) this.#open()
        else if (code === 0x7d) this.#close()
        else if (code !== 0x0d && code !== 0x0a) this.#character(code, at, at + 1)
        at++
      }
    }
  }

  #open(): void {
    this.#pendingSkip = 0
    this.#depth++
    if (this.#skips.length < MAX_GROUPS) this.#skips.push(this.#skips.at(-1) ?? 1)
  }

  #close(): void {
    this.#pendingSkip = 0
    this.#depth--
    if (this.#depth < this.#tableDepth) this.#tableDepth = Number.POSITIVE_INFINITY
    if (this.#skips.length > 1 && this.#depth < MAX_GROUPS) this.#skips.pop()
  }

  #character(code: number, start: number, end: number): void {
    if (this.#pendingSkip > 0) {
      this.#pendingSkip--
      this.text.extendLast(end)
      return
    }
    if (this.#depth === 1) this.noticeAt ??= start
    if (this.#depth < this.#tableDepth) this.frontAt ??= start
    this.text.addCodePoint(code, start, end)
  }

  /** A control symbol or control word; gives the index after it. */
  #control(at: number): number {
    const source = this.#source
    const next = source.charCodeAt(at + 1)
    if (!isLetter(next)) return this.#symbol(at, next)
    let end = at + 1
    while (end < source.length && isLetter(source.charCodeAt(end))) end++
    const word = end - at > LONGEST_WORD ? '' : source.slice(at + 1, end)
    const digits = source.charCodeAt(end) === 0x2d ? end + 1 : end
    let numberEnd = digits
    while (isDigit(source.charCodeAt(numberEnd))) numberEnd++
    const parameter = numberEnd > digits && numberEnd - digits < 12 ? Number(source.slice(end, numberEnd)) : undefined
    if (numberEnd > digits) end = numberEnd
    if (source.charCodeAt(end) === 0x20) end++
    return this.#word(word, parameter, at, end)
  }

  #word(word: string, parameter: number | undefined, at: number, end: number): number {
    if (TABLES.has(word)) this.#tableDepth = Math.min(this.#tableDepth, this.#depth)
    if (word === 'bin') return end + Math.max(0, parameter ?? 0)
    if (word === 'uc') this.#skips[this.#skips.length - 1] = Math.min(255, Math.max(0, parameter ?? 1))
    else if (word === 'u' && parameter !== undefined) {
      this.#pendingSkip = 0
      this.#character(parameter < 0 ? (parameter + 0x10000) & 0xffff : Math.min(parameter, 0x10ffff), at, end)
      this.#pendingSkip = this.#skips.at(-1) ?? 1
    } else {
      const code = WORDS.get(word)
      if (code !== undefined) this.#character(code, at, end)
      else if ((word === 'pard' || word === 'plain') && this.#depth === 1) this.noticeAt ??= at
    }
    return end
  }

  #symbol(at: number, next: number): number {
    if (next === 0x27) {
      const code = Number.parseInt(this.#source.slice(at + 2, at + 4), 16)
      this.#character(Number.isNaN(code) ? 0xfffd : code, at, Math.min(at + 4, this.#source.length))
      return at + 4
    }
    if (next === 0x7e) this.#character(0xa0, at, at + 2)
    else if (next === 0x5f) this.#character(0x2d, at, at + 2)
    else if (next === 0x5c || next === 0x7b || next === 0x7d) this.#character(next, at, at + 2)
    else if (next === 0x0a || next === 0x0d) this.#character(0x0a, at, at + 2)
    return at + 2
  }
}

/** `HYPERLINK "…"` leads somewhere whatever its address looks like. */
function fieldLinks(view: TextView): MarkedLink[] {
  const links: MarkedLink[] = []
  for (const match of view.text.matchAll(FIELDS)) {
    const index = match.index
    const from = index + match[0].length
    const quote = view.text[from] === '"' ? view.text.indexOf('"', from + 1) : -1
    const to = quote < 0 ? Math.min(view.text.length, from + 2048) : quote
    const target = {
      text: view.text.slice(from, to).replace('"', ' '),
      starts: view.starts?.slice(from, to),
      ends: view.ends?.slice(from, to),
    }
    links.push({ at: view.starts?.[index] ?? 0, target, name: (match[1] as string).toLowerCase() })
    if (links.length > MAX_GROUPS) break
  }
  return links
}

function encodeRtf(text: string): string {
  let encoded = ''
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a) encoded += '\\line '
    else if (code === 0x5c || code === 0x7b || code === 0x7d) encoded += `\\${text[at]}`
    else if (code > 0x7e || code < 0x20) encoded += `\\u${code > 0x7fff ? code - 0x10000 : code}?`
    else encoded += text[at]
  }
  return encoded
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
