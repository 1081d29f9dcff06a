/**
 * Text as a reader would see it, each character with the place in the source that it came from. Characters that stand apart in
 * the source (a tag, a hidden character or an escape between them) are neighbours here, but `isAdjacent` knows.
 */
export interface TextView {
  readonly text: string
  /** Undefined: the text is the source itself. */
  readonly starts: readonly number[] | undefined
  readonly ends: readonly number[] | undefined
}

export function plainView(text: string): TextView {
  return { text, starts: undefined, ends: undefined }
}

export function startOf(view: TextView, index: number): number {
  return view.starts === undefined ? index : (view.starts[index] ?? 0)
}

export function endOf(view: TextView, index: number): number {
  return view.ends === undefined ? index + 1 : (view.ends[index] ?? 0)
}

/** True when nothing stands between the character and the one before it. */
export function isAdjacent(view: TextView, index: number): boolean {
  return view.starts === undefined || view.ends?.[index - 1] === view.starts[index]
}

/** Collects the characters of a view. */
export class ViewBuilder {
  readonly #codes: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  get length(): number {
    return this.#codes.length
  }

  /** The code unit `back` places before the end; -1 before the beginning. */
  codeFromEnd(back: number): number {
    return this.#codes[this.#codes.length - back] ?? -1
  }

  add(code: number, start: number, end: number): void {
    this.#codes.push(code)
    this.#starts.push(start)
    this.#ends.push(end)
  }

  addCodePoint(codePoint: number, start: number, end: number): void {
    if (codePoint <= 0xffff) return this.add(codePoint, start, end)
    this.add(0xd800 + ((codePoint - 0x10000) >> 10), start, end)
    this.add(0xdc00 + ((codePoint - 0x10000) & 0x3ff), start, end)
  }

  addText(text: string, start: number, end: number): void {
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at), start, end)
  }

  /** Puts one character in the place of the last `count`. */
  replaceLast(count: number, code: number): void {
    const first = this.#codes.length - count
    const end = this.#ends.at(-1) ?? 0
    this.#codes.length = first + 1
    this.#starts.length = first + 1
    this.#ends.length = first + 1
    this.#codes[first] = code
    this.#ends[first] = end
  }

  /** What follows in the source belongs to the last character too. */
  extendLast(end: number): void {
    if (this.#ends.length > 0) this.#ends[this.#ends.length - 1] = end
  }

  take(): TextView {
    return { text: textOf(this.#codes), starts: this.#starts, ends: this.#ends }
  }
}

const CHUNK = 8192

function textOf(codes: readonly number[]): string {
  if (codes.length <= CHUNK) return String.fromCharCode.apply(undefined, codes as number[])
  let text = ''
  for (let at = 0; at < codes.length; at += CHUNK) text += String.fromCharCode(...codes.slice(at, at + CHUNK))
  return text
}
