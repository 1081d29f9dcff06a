import { Buffer } from 'node:buffer'

/** A part of a multipart body: its header block and its content, as places in the body. */
export interface Part {
  readonly headStart: number
  readonly bodyStart: number
  readonly end: number
  /** Lower-case names; unfolded values. */
  readonly headers: ReadonlyMap<string, string>
}

/**
 * The parts of a multipart body (RFC 2046 §5.1). Undefined when the boundary never appears, or when a line begins with it and goes on
 * otherwise: a delimiter to some programs and text to others. Stops after `limit` parts.
 */
export function splitParts(body: Buffer, boundary: string, limit: number): Part[] | undefined {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  const parts: Part[] = []
  let at = delimiterAt(body, delimiter, 0)
  if (at < 0) return undefined
  while (parts.length < limit) {
    const rest = at + delimiter.length
    const isLast = body[rest] === 0x2d && body[rest + 1] === 0x2d
    const lineEnd = blankLineEnd(body, isLast ? rest + 2 : rest)
    if (lineEnd < 0) return undefined
    if (isLast || lineEnd === body.length) break
    const next = delimiterAt(body, delimiter, lineEnd)
    const end = next < 0 ? body.length : next
    parts.push(partAt(body, lineEnd + 1, trimLineEnd(body, lineEnd + 1, end)))
    if (next < 0) break
    at = next
  }
  return parts
}

/** Takes a header block and what follows it apart, as a part of a multipart or inside message/cpim (RFC 3862 §2). */
export function partAt(body: Buffer, start: number, end: number): Part {
  const headEnd = emptyLineAt(body, start, end)
  const head = body.toString('latin1', start, headEnd)
  const bodyStart = headEnd >= end ? end : body.indexOf(0x0a, headEnd) + 1
  return { headStart: start, bodyStart: Math.min(bodyStart, end), end, headers: parseHeaders(head) }
}

function parseHeaders(head: string): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    // which of two a client believes is unknown: both are kept, and neither makes sense then
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

/** Start of the empty line that ends a header block; `end` when there is none. */
function emptyLineAt(body: Buffer, start: number, end: number): number {
  let at = start
  while (at < end) {
    if (body[at] === 0x0a || (body[at] === 0x0d && body[at + 1] === 0x0a)) return at
    const lineEnd = body.indexOf(0x0a, at)
    if (lineEnd < 0 || lineEnd >= end) return end
    at = lineEnd + 1
  }
  return end
}

/** A delimiter stands at the beginning of a line. */
function delimiterAt(body: Buffer, delimiter: Buffer, from: number): number {
  for (let at = body.indexOf(delimiter, from); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    if (at === 0 || body[at - 1] === 0x0a) return at
  }
  return -1
}

/** The end of a line that is blank from `at` on; -1: it is not. */
function blankLineEnd(body: Buffer, at: number): number {
  let end = at
  while (body[end] === 0x20 || body[end] === 0x09) end++
  if (body[end] === 0x0d) end++
  return end >= body.length ? body.length : body[end] === 0x0a ? end : -1
}

/** The line end before a delimiter belongs to the delimiter. */
function trimLineEnd(body: Buffer, start: number, end: number): number {
  if (end <= start || body[end - 1] !== 0x0a) return end
  return end - 1 > start && body[end - 2] === 0x0d ? end - 2 : end - 1
}
