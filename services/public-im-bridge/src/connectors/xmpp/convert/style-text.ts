import { escapeHtml } from './escape-html.ts'

const SPANS: Readonly<Record<string, string>> = { '*': 'strong', _: 'em', '~': 's', '`': 'code' }
/** Quotations within quotations. */
const MAX_DEPTH = 8
const FENCE = '```'

/** Message styling (XEP-0393) as HTML; undefined: the text has none. */
export function styleText(text: string): string | undefined {
  if (!/[*_~`>]/.test(text)) return undefined
  const html = blocks(text.split('\n'), 0)
  return /<(?:strong|em|s|code|pre|blockquote)>/.test(html) ? html : undefined
}

function blocks(lines: readonly string[], depth: number): string {
  const written: string[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as string
    if (line.startsWith(FENCE)) {
      // XEP-0393 §5.1.2: without its end the block goes to the end of the text.
      let end = at + 1
      while (end < lines.length && lines[end] !== FENCE) end += 1
      written.push(`<pre>${escapeHtml(lines.slice(at + 1, end).join('\n'))}</pre>`)
      at = end
    } else if (line.startsWith('>') && depth < MAX_DEPTH) {
      const quoted: string[] = []
      for (; at < lines.length && (lines[at] as string).startsWith('>'); at += 1)
        quoted.push((lines[at] as string).slice(1).replace(/^ /, ''))
      written.push(`<blockquote>${blocks(quoted, depth + 1)}</blockquote>`)
      at -= 1
    } else written.push(spans(line))
  }
  return written.join('<br>').replace(/(<\/(?:pre|blockquote)>)<br>|<br>(?=<(?:pre|blockquote)>)/g, '$1')
}

/** XEP-0393 §6: a directive opens at a word's beginning and closes on the same line, with something other than white space inside its ends. */
function spans(line: string): string {
  let html = ''
  let from = 0
  for (let at = 0; at < line.length; at += 1) {
    const directive = line.charAt(at)
    const element = SPANS[directive]
    if (element === undefined || !opensAt(line, at)) continue
    const end = closeOf(line, directive, at)
    if (end < 0) continue
    const inner = line.slice(at + 1, end)
    html += `${escapeHtml(line.slice(from, at))}<${element}>${element === 'code' ? escapeHtml(inner) : spans(inner)}</${element}>`
    from = end + 1
    at = end
  }
  return html + escapeHtml(line.slice(from))
}

function opensAt(line: string, at: number): boolean {
  const before = line.charAt(at - 1)
  const after = line.charAt(at + 1)
  return (before === '' || /\s/.test(before) || before in SPANS) && after !== '' && !/\s/.test(after)
}

function closeOf(line: string, directive: string, at: number): number {
  for (let end = line.indexOf(directive, at + 1); end >= 0; end = line.indexOf(directive, end + 1)) {
    if (end > at + 1 && !/\s/.test(line.charAt(end - 1))) return end
  }
  return -1
}
