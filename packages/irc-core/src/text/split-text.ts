import { Buffer } from 'node:buffer'

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * Cuts text into lines of at most `maxBytes` UTF-8 bytes: at its own line ends, else at a space, else between two characters as people see them.
 * Only a single character larger than a line is cut inside. Empty lines carry nothing and are left out; CR, NUL and the CTCP delimiter,
 * which would change the meaning of a line, are removed.
 */
export function splitText(text: string, maxBytes: number): string[] {
  const lines: string[] = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    // oxlint-disable-next-line no-control-regex -- the CTCP delimiter is one
    const clean = line.replace(/[\0\x01]/g, '')
    if (clean.trim() !== '') cutLine(clean, maxBytes, lines)
  }
  return lines
}

function cutLine(line: string, maxBytes: number, lines: string[]): void {
  let rest = line
  while (Buffer.byteLength(rest) > maxBytes) {
    const end = cutAt(rest, maxBytes)
    lines.push(rest.slice(0, end).trimEnd())
    rest = rest.slice(end).trimStart()
  }
  if (rest !== '') lines.push(rest)
}

/** Index at which a line that is too long ends; always more than 0. */
function cutAt(line: string, maxBytes: number): number {
  let bytes = 0
  let end = 0
  let afterSpace = 0
  for (const { segment, index } of segmenter.segment(line)) {
    bytes += Buffer.byteLength(segment)
    if (bytes > maxBytes) break
    end = index + segment.length
    if (segment === ' ') afterSpace = end
  }
  if (end === 0) return codePointsWithin(line, maxBytes)
  // a word is kept whole unless that would waste more than half of the line
  return afterSpace > end / 2 ? afterSpace : end
}

function codePointsWithin(line: string, maxBytes: number): number {
  let bytes = 0
  let end = 0
  for (const char of line) {
    bytes += Buffer.byteLength(char)
    if (bytes > maxBytes && end > 0) break
    end += char.length
  }
  return end
}
