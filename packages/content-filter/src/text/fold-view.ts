import { endOf, startOf, type TextView, ViewBuilder } from './text-view.ts'

/** Dots, colons and slashes that a browser or a person takes for the ASCII ones but compatibility folding leaves alone (UTS #46). */
const LOOKALIKES: ReadonlyMap<number, string> = new Map([
  [0x3002, '.'],
  [0xff61, '.'],
  [0x2236, ':'],
  [0xa789, ':'],
  [0x2044, '/'],
  [0x2215, '/'],
  [0x29f8, '/'],
  [0x85, '\n'],
  [0x2028, '\n'],
  [0x2029, '\n'],
])

/** Where characters with a compatibility form of ASCII letters and marks live; elsewhere the (slow) folding is not tried. */
const FOLDABLE: readonly (readonly [number, number])[] = [
  [0xa0, 0xbe],
  [0x132, 0x140],
  [0x149, 0x17f],
  [0x1c4, 0x1f3],
  [0x2b0, 0x2e4],
  [0x1d2c, 0x1dbf],
  [0x2000, 0x2fff],
  [0x3000, 0x3003],
  [0x3200, 0x33ff],
  [0xa789, 0xa789],
  [0xfb00, 0xfb06],
  [0xfe10, 0xffef],
  [0x1d400, 0x1d7ff],
  [0x1f100, 0x1f1ff],
]

/** True when folding would change nothing: printable ASCII and ordinary white space. */
export function isPlainAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7e || (code < 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) return false
  }
  return true
}

/**
 * The view without what a reader does not see (zero-width and control characters, soft hyphens, variation selectors) and with
 * full-width, mathematical and other compatibility forms as the ASCII characters that browsers make of them. Case is kept.
 */
export function foldView(view: TextView): TextView {
  if (isPlainAscii(view.text)) return view
  const { text } = view
  const builder = new ViewBuilder()
  for (let at = 0; at < text.length; at++) {
    const codePoint = text.codePointAt(at) ?? 0
    const start = startOf(view, at)
    if (codePoint > 0xffff) at++
    if (isUnseen(codePoint)) continue
    const folded = foldCodePoint(codePoint)
    if (folded === undefined) builder.addCodePoint(codePoint, start, endOf(view, at))
    else builder.addText(folded, start, endOf(view, at))
  }
  return builder.take()
}

/** The view with percent-encoded ASCII decoded, as often as it was encoded; undefined when there is none. */
export function decodePercents(view: TextView): TextView | undefined {
  const { text } = view
  if (!text.includes('%')) return undefined
  const builder = new ViewBuilder()
  let hasDecoded = false
  for (let at = 0; at < text.length; at++) {
    builder.add(text.charCodeAt(at), startOf(view, at), endOf(view, at))
    // a decoded `%` may begin the next triple: `%2568` is `%68` is `h`
    while (builder.codeFromEnd(3) === 0x25) {
      const code = hexValue(builder.codeFromEnd(2)) * 16 + hexValue(builder.codeFromEnd(1))
      if (!(code > 0x20 && code < 0x7f && code !== 0x5f)) break
      builder.replaceLast(3, code)
      hasDecoded = true
    }
  }
  return hasDecoded ? builder.take() : undefined
}

function foldCodePoint(codePoint: number): string | undefined {
  if (codePoint < 0x80) return undefined
  const lookalike = LOOKALIKES.get(codePoint)
  if (lookalike !== undefined) return lookalike
  if (!FOLDABLE.some(([low, high]) => codePoint >= low && codePoint <= high)) return undefined
  const folded = String.fromCodePoint(codePoint).normalize('NFKC')
  // only an underscore that is written as one makes a link harmless
  return isPlainAscii(folded) && !folded.includes('_') ? folded : undefined
}

function isUnseen(codePoint: number): boolean {
  if (codePoint < 0x80) return codePoint === 0x7f || (codePoint < 0x20 && (codePoint < 0x09 || codePoint > 0x0d))
  if (codePoint < 0x34f) return (codePoint < 0xa0 && codePoint !== 0x85) || codePoint === 0xad
  if (codePoint < 0x2000) {
    return (
      codePoint === 0x34f ||
      codePoint === 0x61c ||
      codePoint === 0x115f ||
      codePoint === 0x1160 ||
      codePoint === 0x17b4 ||
      codePoint === 0x17b5 ||
      (codePoint >= 0x180b && codePoint <= 0x180f)
    )
  }
  return (
    (codePoint >= 0x200b && codePoint <= 0x200f) ||
    (codePoint >= 0x202a && codePoint <= 0x202e) ||
    (codePoint >= 0x2060 && codePoint <= 0x206f) ||
    codePoint === 0x3164 ||
    (codePoint >= 0xfe00 && codePoint <= 0xfe0f) ||
    codePoint === 0xfeff ||
    codePoint === 0xffa0 ||
    (codePoint >= 0xfff0 && codePoint <= 0xfffd) ||
    (codePoint >= 0x1d173 && codePoint <= 0x1d17a) ||
    (codePoint >= 0xe0000 && codePoint <= 0xe0fff)
  )
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}
