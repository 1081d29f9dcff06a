import { isDigit, isLetter, isPlainText } from './plain-scalar.ts'

/** One document in the plain form: what it says, and where it begins. */
export interface PlainDocument {
  readonly value: Readonly<Record<string, unknown>>
  /** Of the first key. */
  readonly offset: number
}

/** Objects are three maps deep. */
const MAX_DEPTH = 6
const WHOLE_NUMBER = /^(0|[1-9]\d{0,8})$/

/**
 * Reads a document of the plainest YAML: block maps of simple keys, plain or simply quoted scalars, lists of them, flow collections on
 * one line, comment lines. Undefined: it has anything else, or a mistake, and the YAML library has to look. Thousands of objects come
 * in this form, which takes a hundredth of the library's time; what is read here is what the library would read (a property test).
 */
export function readPlain(text: string): PlainDocument | undefined {
  return new PlainReader(text).read()
}

/** Thrown nowhere, returned: the library has to look. */
const OTHER: unique symbol = Symbol('other')
type Value = string | number | boolean | readonly unknown[] | Readonly<Record<string, unknown>>

class PlainReader {
  readonly #text: string
  /** Start of the next line. */
  #next = 0
  /** The line at work: its indentation, where its content begins, and where it ends without blanks. */
  #indent = 0
  #start = 0
  #end = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): PlainDocument | undefined {
    if (!this.#advance()) return undefined
    if (this.#indent === 0 && this.#end - this.#start === 3 && this.#text.startsWith('---', this.#start) && !this.#advance())
      return undefined
    if (this.#indent !== 0) return undefined
    const offset = this.#start
    const value = this.#map(0, 1)
    return value === OTHER || this.#start >= 0 ? undefined : { value, offset }
  }

  /** Goes to the next line with content; false, and start -1, at the end. */
  #advance(): boolean {
    const text = this.#text
    while (this.#next < text.length) {
      const from = this.#next
      let end = text.indexOf('\n', from)
      if (end < 0) end = text.length
      this.#next = end + 1
      let start = from
      while (start < end && text.charCodeAt(start) === 0x20) start++
      while (end > start && text.charCodeAt(end - 1) === 0x20) end--
      if (start === end || text.charCodeAt(start) === 0x23) continue
      this.#indent = start - from
      this.#start = start
      this.#end = end
      return true
    }
    this.#start = -1
    return false
  }

  #map(indent: number, depth: number): Record<string, unknown> | typeof OTHER {
    const map: Record<string, unknown> = {}
    while (this.#start >= 0 && this.#indent === indent) {
      const colon = keyEnd(this.#text, this.#start, this.#end)
      if (colon < 0) return OTHER
      const key = this.#text.slice(this.#start, colon)
      if (Object.hasOwn(map, key)) return OTHER
      const value = colon + 1 === this.#end ? this.#nested(indent, depth) : this.#lineValue(colon + 1)
      if (value === OTHER) return OTHER
      map[key] = value
    }
    // deeper: the line before goes on here, or something is wrong
    return this.#start >= 0 && this.#indent > indent ? OTHER : map
  }

  #nested(indent: number, depth: number): Value | typeof OTHER {
    // nothing below it is null, which is the library's to say
    if (depth >= MAX_DEPTH || !this.#advance() || this.#indent <= indent) return OTHER
    return this.#text.startsWith('- ', this.#start) ? this.#list(this.#indent) : this.#map(this.#indent, depth + 1)
  }

  #list(indent: number): readonly unknown[] | typeof OTHER {
    const list: unknown[] = []
    while (this.#start >= 0 && this.#indent === indent) {
      if (!this.#text.startsWith('- ', this.#start)) return OTHER
      const item = this.#lineValue(this.#start + 2)
      if (item === OTHER) return OTHER
      list.push(item)
    }
    return this.#start >= 0 && this.#indent > indent ? OTHER : list
  }

  /** The value that ends the line at work; goes on to the next line. */
  #lineValue(from: number): Value | typeof OTHER {
    const text = this.#text
    let start = from
    while (text.charCodeAt(start) === 0x20) start++
    const first = text.charCodeAt(start)
    let value: Value | typeof OTHER
    if (first === 0x7b || first === 0x5b) {
      const flow = new FlowReader(text, start, this.#end)
      value = flow.read(1)
      if (flow.at !== this.#end) return OTHER
    } else if (first === 0x22 || first === 0x27) value = quotedValue(text, start, this.#end)
    else value = plainValue(text.slice(start, this.#end), false)
    this.#advance()
    return value
  }
}

/** A flow collection on one line. */
class FlowReader {
  /** Behind what has been read. */
  at: number
  readonly #text: string
  readonly #end: number

  constructor(text: string, start: number, end: number) {
    this.#text = text
    this.at = start
    this.#end = end
  }

  read(depth: number): Value | typeof OTHER {
    if (depth > MAX_DEPTH) return OTHER
    const first = this.#text.charCodeAt(this.at)
    if (first === 0x7b) return this.#map(depth)
    if (first === 0x5b) return this.#list(depth)
    const start = this.at
    if (first === 0x22 || first === 0x27) {
      const close = this.#text.indexOf(first === 0x22 ? '"' : "'", start + 1)
      if (close < 0 || close >= this.#end) return OTHER
      this.at = close + 1
      return quotedValue(this.#text, start, close + 1)
    }
    while (this.at < this.#end && !isFlowSign(this.#text.charCodeAt(this.at))) this.at++
    let end = this.at
    while (end > start && this.#text.charCodeAt(end - 1) === 0x20) end--
    return plainValue(this.#text.slice(start, end), true)
  }

  #map(depth: number): Record<string, unknown> | typeof OTHER {
    const map: Record<string, unknown> = {}
    this.#step()
    if (this.#closes(0x7d)) return map
    for (;;) {
      const colon = keyEnd(this.#text, this.at, this.#end)
      // without a blank behind it the colon may belong to the key
      if (colon < 0 || this.#text.charCodeAt(colon + 1) !== 0x20) return OTHER
      const key = this.#text.slice(this.at, colon)
      if (Object.hasOwn(map, key)) return OTHER
      this.at = colon
      this.#step()
      const value = this.read(depth + 1)
      if (value === OTHER) return OTHER
      map[key] = value
      if (this.#closes(0x7d)) return map
      if (!this.#separates()) return OTHER
    }
  }

  #list(depth: number): readonly unknown[] | typeof OTHER {
    const list: unknown[] = []
    this.#step()
    if (this.#closes(0x5d)) return list
    for (;;) {
      const value = this.read(depth + 1)
      if (value === OTHER) return OTHER
      list.push(value)
      if (this.#closes(0x5d)) return list
      if (!this.#separates()) return OTHER
    }
  }

  /** Over one sign and the blanks behind it. */
  #step(): void {
    this.at++
    this.#skipBlanks()
  }

  #skipBlanks(): void {
    while (this.at < this.#end && this.#text.charCodeAt(this.at) === 0x20) this.at++
  }

  #closes(sign: number): boolean {
    this.#skipBlanks()
    if (this.at >= this.#end || this.#text.charCodeAt(this.at) !== sign) return false
    this.at++
    return true
  }

  #separates(): boolean {
    if (this.at >= this.#end || this.#text.charCodeAt(this.at) !== 0x2c) return false
    this.#step()
    return true
  }
}

/** Where the colon behind a key of letters and digits stands, with a blank or the end behind it; -1: there is no such key. */
function keyEnd(text: string, start: number, end: number): number {
  if (!isLetter(text.charCodeAt(start))) return -1
  let at = start + 1
  while (at < end && (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)))) at++
  if (at >= end || text.charCodeAt(at) !== 0x3a) return -1
  return at + 1 === end || text.charCodeAt(at + 1) === 0x20 ? at : -1
}

function plainValue(text: string, isInFlow: boolean): Value | typeof OTHER {
  if (text === 'true') return true
  if (text === 'false') return false
  if (isPlainText(text, isInFlow)) return text
  return WHOLE_NUMBER.test(text) ? Number(text) : OTHER
}

/** Text within quotes that has neither escapes nor more quotes. */
function quotedValue(text: string, start: number, end: number): string | typeof OTHER {
  const quote = text.charCodeAt(start)
  if (end - start < 2 || text.charCodeAt(end - 1) !== quote) return OTHER
  for (let at = start + 1; at < end - 1; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e || code === quote || code === 0x5c) return OTHER
  }
  return text.slice(start + 1, end - 1)
}

function isFlowSign(code: number): boolean {
  return code === 0x2c || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d || code === 0x22 || code === 0x27
}
