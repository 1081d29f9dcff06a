import type { SaxesTagNS } from 'saxes'
import type { StreamCondition } from '../stream/stream-condition.ts'
import { ns } from './namespaces.ts'
import type { XmlLimits } from './stream-event.ts'
import { XmlElement, type XmlNode } from './xml-element.ts'

interface OpenElement {
  readonly name: string
  readonly ns: string
  readonly attributes: readonly string[]
  readonly children: XmlNode[]
}

/** Puts tags and text together to first-level elements; `refuse` does not return. */
export class ElementBuilder {
  #limits: XmlLimits
  readonly #refuse: (condition: StreamCondition, detail: string) => never
  readonly #open: OpenElement[] = []
  #hasRoot = false
  #elements = 0

  constructor(limits: XmlLimits, refuse: (condition: StreamCondition, detail: string) => never) {
    this.#limits = limits
    this.#refuse = refuse
  }

  /** 0 before the header and behind the end, 1 between stanzas. */
  get depth(): number {
    return this.#open.length + (this.#hasRoot ? 1 : 0)
  }

  setLimits(limits: XmlLimits): void {
    this.#limits = limits
  }

  openRoot(tag: SaxesTagNS): XmlElement {
    this.#hasRoot = true
    return new XmlElement(tag.local, tag.uri, this.#attributesOf(tag), [])
  }

  open(tag: SaxesTagNS, contentNs: string): void {
    this.#elements += 1
    if (this.depth > this.#limits.maxDepth) this.#refuse('policy-violation', 'elements nested too deeply')
    if (this.#elements > this.#limits.maxElements) this.#refuse('policy-violation', 'too many elements')
    this.#open.push({
      name: tag.local,
      ns: tag.uri === contentNs ? ns.client : tag.uri,
      attributes: this.#attributesOf(tag),
      children: [],
    })
  }

  text(text: string): void {
    const top = this.#open.at(-1)
    if (top !== undefined) top.children.push(text)
    // RFC 6120 §11.7: between stanzas only white space.
    else if (this.#hasRoot && text.trim() !== '') this.#refuse('bad-format', 'text between stanzas')
  }

  /** The first-level element that this tag ends, if it does. */
  close(): XmlElement | undefined {
    const done = this.#open.pop()
    if (done === undefined) {
      this.#hasRoot = false
      return undefined
    }
    const element = new XmlElement(done.name, done.ns, done.attributes, done.children)
    const parent = this.#open.at(-1)
    if (parent !== undefined) {
      parent.children.push(element)
      return undefined
    }
    this.#elements = 0
    return element
  }

  #attributesOf(tag: SaxesTagNS): readonly string[] {
    const attributes: string[] = []
    let count = 0
    for (const name in tag.attributes) {
      const attribute = tag.attributes[name]
      if (attribute === undefined) continue
      count += 1
      if (attribute.uri === ns.xmlns || attribute.name === 'xmlns') continue
      attributes.push(keyOf(attribute.uri, attribute.local), attribute.value)
    }
    if (count > this.#limits.maxAttributes) this.#refuse('policy-violation', 'too many attributes')
    return attributes
  }
}

function keyOf(uri: string, local: string): string {
  if (uri === '') return local
  return uri === ns.xml ? `xml:${local}` : `{${uri}}${local}`
}
