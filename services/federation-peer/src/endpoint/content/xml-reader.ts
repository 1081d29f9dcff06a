import { SaxesParser } from 'saxes'

/** Bodies of typing notices, receipts and presence are a few hundred bytes; a rich presence document has some ten thousand. */
const MAX_BYTES = 65_536
const MAX_DEPTH = 16
const MAX_ELEMENTS = 1_000

export interface XmlElement {
  /** Without a prefix. */
  readonly name: string
  /** Empty: none. */
  readonly namespace: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  /** Its own text, children's left out. */
  text: string
}

/**
 * The root element of a small document from outside. Undefined: not well formed, larger or deeper than any honest one, or it brings a
 * DTD, from which entities would be made. Never throws.
 */
export function readXml(body: Uint8Array): XmlElement | undefined {
  if (body.byteLength === 0 || body.byteLength > MAX_BYTES) return undefined
  const builder = new TreeBuilder()
  const parser = new SaxesParser({ xmlns: true, position: false })
  parser.on('error', reject)
  parser.on('doctype', reject)
  parser.on('opentag', (tag) => {
    const attributes = new Map<string, string>()
    for (const attribute of Object.values(tag.attributes)) attributes.set(attribute.local, attribute.value)
    builder.open({ name: tag.local, namespace: tag.uri, attributes, children: [], text: '' })
  })
  parser.on('text', (text) => builder.text(text))
  parser.on('cdata', (text) => builder.text(text))
  parser.on('closetag', () => builder.close())
  try {
    parser.write(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trimStart()).close()
  } catch {
    return undefined
  }
  return builder.root
}

/** The first element of that name below `element`, at any depth. */
export function findElement(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) {
    const found = child.name === name ? child : findElement(child, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** All elements of that name below `element`. */
export function findElements(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => (child.name === name ? [child, ...findElements(child, name)] : findElements(child, name)))
}

/** Control characters have no place in XML 1.0, not even escaped. */
export function escapeXml(text: string): string {
  const allowed = text.replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
  return allowed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function reject(): never {
  throw new Error('refused')
}

class TreeBuilder {
  root: XmlElement | undefined
  readonly #open: XmlElement[] = []
  #count = 0

  open(element: XmlElement): void {
    this.#count++
    if (this.#count > MAX_ELEMENTS || this.#open.length >= MAX_DEPTH) reject()
    const parent = this.#open.at(-1)
    if (parent === undefined) this.root = element
    else parent.children.push(element)
    this.#open.push(element)
  }

  text(text: string): void {
    const element = this.#open.at(-1)
    if (element !== undefined) element.text += text
  }

  close(): void {
    this.#open.pop()
  }
}
