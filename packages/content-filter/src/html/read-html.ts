import type { MarkedLink, Reading } from '../reading.ts'
import { NOTICE_MARK } from '../reading.ts'
import { isSpace } from '../text/characters.ts'
import { foldView } from '../text/fold-view.ts'
import { plainView, type TextView, ViewBuilder } from '../text/text-view.ts'
import { entityAt } from './entities.ts'
import { type HtmlAttribute, type HtmlVisitor, scanHtml } from './html-scanner.ts'

/** Attributes whose value is an address that a program follows or loads, whatever it begins with. */
const ADDRESSES: ReadonlySet<string> = new Set(
  'action archive background codebase data dynsrc formaction href longdesc lowsrc manifest ping poster src srcset xlink:href'.split(' '),
)
/** Attributes that may hold addresses among other things. */
const WITH_ADDRESSES: ReadonlySet<string> = new Set(['content', 'srcdoc', 'style'])
/** `0;url=…`: a page that leads elsewhere by itself. */
const REFRESH = /^\s*[\d.]+\s*[;,]/
/** Elements that end a line for the reader. */
const BLOCKS: ReadonlySet<string> = new Set(
  'address article blockquote body br center dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody td th thead title tr ul'.split(
    ' ',
  ),
)
/** Addresses that name formats, in nearly every page; nobody is led anywhere by them. */
const NAMESPACE = /(["'])http:\/\/(?:www\.w3\.org|schemas\.microsoft\.com)\/[A-Za-z0-9/.-]*\1/g

/** text/html and XHTML: the source, the text between the tags, and every attribute, each with references decoded. */
export function readHtml(source: string): Reading {
  const reader = new HtmlReader(source)
  scanHtml(source, reader)
  return reader.take()
}

class HtmlReader implements HtmlVisitor {
  readonly #source: string
  readonly #text = new ViewBuilder()
  readonly #views: TextView[] = []
  readonly #marked: MarkedLink[] = []
  readonly #handled = new Set<number>()
  #noticeAt = 0

  constructor(source: string) {
    this.#source = source
  }

  onText(start: number, end: number): void {
    addDecoded(this.#text, this.#source, start, end, false)
  }

  onTag(name: string, isEnd: boolean, attributes: readonly HtmlAttribute[], end: number): void {
    if (BLOCKS.has(name)) this.#text.add(0x0a, end, end)
    if (isEnd) return
    if (name === 'body' || (name === 'html' && this.#noticeAt === 0)) this.#noticeAt = end
    for (const attribute of attributes) this.#onAttribute(attribute)
  }

  take(): Reading {
    const text = this.#text.take()
    return {
      source: this.#source,
      views: [plainView(withoutNamespaces(this.#source)), text, ...this.#views],
      marked: this.#marked,
      handled: this.#handled,
      visible: text,
      noticeAt: this.#noticeAt,
      encodeNotice: (notice) => `<p>${NOTICE_MARK}${escapeHtml(notice)}${NOTICE_MARK}</p>`,
    }
  }

  #onAttribute(attribute: HtmlAttribute): void {
    const { name, nameStart, valueStart, valueEnd } = attribute
    if (valueEnd === valueStart) return
    const isAddress = ADDRESSES.has(name)
    const isRefresh = name === 'content' && REFRESH.test(this.#source.slice(valueStart, Math.min(valueEnd, valueStart + 64)))
    const builder = new ViewBuilder()
    // browsers drop tabs and line ends inside an address (URL §4.4)
    addDecoded(builder, this.#source, valueStart, valueEnd, isAddress || WITH_ADDRESSES.has(name))
    const value = builder.take()
    if (name.startsWith('xmlns')) return
    if (isAddress || isRefresh) {
      // where the scanner would find the word `href` in the source
      if (name.endsWith('href')) this.#handled.add(nameStart + name.length - 'href'.length)
      if (leadsSomewhere(value.text)) this.#marked.push({ at: nameStart, target: value, name })
    }
    this.#views.push(value)
  }
}

/** Not to a place in the same page, to a part of the same message, or to a picture in the address itself. */
function leadsSomewhere(address: string): boolean {
  const folded = foldView(plainView(address)).text.trim().toLowerCase()
  if (folded === '' || folded.startsWith('#') || folded.startsWith('cid:')) return false
  return !/^data:image\/(gif|jpe?g|png|webp);base64,[a-z0-9+/=]*$/.test(folded)
}

function withoutNamespaces(source: string): string {
  return source.includes('://') ? source.replace(NAMESPACE, (match) => ' '.repeat(match.length)) : source
}

function addDecoded(builder: ViewBuilder, source: string, start: number, end: number, isAddress: boolean): void {
  for (let at = start; at < end; at++) {
    const code = source.charCodeAt(at)
    const entity = code === 0x26 ? entityAt(source, at) : undefined
    if (entity !== undefined) {
      const next = Math.min(entity.end, end)
      const first = entity.text.charCodeAt(0)
      if (!(isAddress && isSpace(first) && first !== 0x20)) builder.addText(entity.text, at, next)
      at = next - 1
    } else if (!(isAddress && isSpace(code) && code !== 0x20)) builder.add(code, at, at + 1)
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>')
}
