import { isLetter, isSpace } from '../text/characters.ts'

export interface HtmlAttribute {
  /** Lower case. */
  readonly name: string
  readonly nameStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** What the scanner tells its owner, in the order of the source. */
export interface HtmlVisitor {
  onText(start: number, end: number): void
  onTag(name: string, isEnd: boolean, attributes: readonly HtmlAttribute[], end: number): void
}

/** Elements whose content is no markup (HTML §13.2.5). */
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'])

/**
 * Takes markup apart the way browsers do (HTML §13.2.5): what is a tag, a comment, an attribute. Each character is looked at a
 * bounded number of times; anything that never ends goes to the end of the source.
 */
export function scanHtml(source: string, visitor: HtmlVisitor): void {
  let textStart = 0
  let at = source.indexOf('<')
  while (at >= 0) {
    const next = source.charCodeAt(at + 1)
    const isTag = isLetter(next) || (next === 0x2f && isLetter(source.charCodeAt(at + 2)))
    if (!isTag && next !== 0x21 && next !== 0x3f && next !== 0x2f) {
      at = source.indexOf('<', at + 1)
      continue
    }
    if (at > textStart) visitor.onText(textStart, at)
    textStart = isTag ? scanTag(source, at, visitor) : skipComment(source, at)
    at = source.indexOf('<', textStart)
  }
  if (textStart < source.length) visitor.onText(textStart, source.length)
}

function skipComment(source: string, at: number): number {
  if (!source.startsWith('<!--', at)) return endAfter(source, '>', at + 2)
  // `<!-->` and `<!--->` are whole comments
  if (source.startsWith('>', at + 4)) return at + 5
  if (source.startsWith('->', at + 4)) return at + 6
  for (let dashes = source.indexOf('--', at + 4); dashes >= 0; dashes = source.indexOf('--', dashes + 1)) {
    if (source.startsWith('>', dashes + 2)) return dashes + 3
    if (source.startsWith('!>', dashes + 2)) return dashes + 4
  }
  return source.length
}

function endAfter(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from)
  return at < 0 ? source.length : at + mark.length
}

function scanTag(source: string, at: number, visitor: HtmlVisitor): number {
  const isEnd = source.charCodeAt(at + 1) === 0x2f
  const nameStart = at + (isEnd ? 2 : 1)
  let end = nameStart
  while (end < source.length && !endsName(source.charCodeAt(end))) end++
  const name = source.slice(nameStart, end).toLowerCase()
  const attributes: HtmlAttribute[] = []
  for (;;) {
    while (end < source.length && (isSpace(source.charCodeAt(end)) || source.charCodeAt(end) === 0x2f)) end++
    if (end >= source.length) break
    if (source.charCodeAt(end) === 0x3e) {
      end++
      break
    }
    end = scanAttribute(source, end, attributes)
  }
  visitor.onTag(name, isEnd, attributes, end)
  return !isEnd && RAW.has(name) ? skipRaw(source, name, end, visitor) : end
}

function scanAttribute(source: string, nameStart: number, attributes: HtmlAttribute[]): number {
  let at = nameStart + 1 // even a `=` may begin a name
  while (at < source.length && source.charCodeAt(at) !== 0x3d && !endsName(source.charCodeAt(at))) at++
  const name = source.slice(nameStart, at).toLowerCase()
  let equals = at
  while (equals < source.length && isSpace(source.charCodeAt(equals))) equals++
  if (source.charCodeAt(equals) !== 0x3d) {
    attributes.push({ name, nameStart, valueStart: at, valueEnd: at })
    return at
  }
  let valueStart = equals + 1
  while (valueStart < source.length && isSpace(source.charCodeAt(valueStart))) valueStart++
  const quote = source[valueStart]
  if (quote === '"' || quote === "'") {
    const close = source.indexOf(quote, valueStart + 1)
    const valueEnd = close < 0 ? source.length : close
    attributes.push({ name, nameStart, valueStart: valueStart + 1, valueEnd })
    return Math.min(source.length, valueEnd + 1)
  }
  let valueEnd = valueStart
  while (valueEnd < source.length && !isSpace(source.charCodeAt(valueEnd)) && source.charCodeAt(valueEnd) !== 0x3e) valueEnd++
  attributes.push({ name, nameStart, valueStart, valueEnd })
  return valueEnd
}

function endsName(code: number): boolean {
  return isSpace(code) || code === 0x2f || code === 0x3e
}

/** To the end tag of an element whose content is no markup. */
function skipRaw(source: string, name: string, from: number, visitor: HtmlVisitor): number {
  for (let at = source.indexOf('</', from); at >= 0; at = source.indexOf('</', at + 2)) {
    if (source.slice(at + 2, at + 2 + name.length).toLowerCase() !== name) continue
    if (at > from) visitor.onText(from, at)
    return at
  }
  if (from < source.length) visitor.onText(from, source.length)
  return source.length
}
