/** Attribute names as they are kept: `to`; of the xml namespace `xml:lang`; of another namespace `{namespace}name`. */
export type XmlAttributes = Readonly<Record<string, string | undefined>>

export type XmlNode = XmlElement | string

/** An element with its namespace resolved. What comes from a stream is never changed after it was read. */
export class XmlElement {
  readonly name: string
  readonly ns: string
  readonly children: readonly XmlNode[]
  /** Name, value, name, value …: elements of stanzas have few attributes, and a Map for each would cost more than the scan. */
  readonly #attributes: readonly string[]

  constructor(name: string, ns: string, attributes: readonly string[], children: readonly XmlNode[]) {
    this.name = name
    this.ns = ns
    this.#attributes = attributes
    this.children = children
  }

  attr(name: string): string | undefined {
    for (let index = 0; index < this.#attributes.length; index += 2)
      if (this.#attributes[index] === name) return this.#attributes[index + 1]
    return undefined
  }

  /** Flat: name, value, name, value … */
  get attributes(): readonly string[] {
    return this.#attributes
  }

  is(name: string, ns: string): boolean {
    return this.name === name && this.ns === ns
  }

  /** The first child element of that name; without `ns`: in this element's own namespace. */
  child(name: string, ns: string = this.ns): XmlElement | undefined {
    for (const node of this.children) if (typeof node !== 'string' && node.name === name && node.ns === ns) return node
    return undefined
  }

  elements(): XmlElement[] {
    return this.children.filter((node): node is XmlElement => typeof node !== 'string')
  }

  /** The text directly inside, child elements left out. */
  text(): string {
    if (this.children.length === 1 && typeof this.children[0] === 'string') return this.children[0]
    let text = ''
    for (const node of this.children) if (typeof node === 'string') text += node
    return text
  }

  /** A copy with some attributes replaced, added, or (undefined) taken away. */
  with(changes: XmlAttributes): XmlElement {
    const attributes: string[] = []
    for (let index = 0; index < this.#attributes.length; index += 2) {
      const name = this.#attributes[index] as string
      if (!Object.hasOwn(changes, name)) attributes.push(name, this.#attributes[index + 1] as string)
    }
    return new XmlElement(this.name, this.ns, [...attributes, ...flatten(changes)], this.children)
  }
}

/** Makes an element; attributes that are undefined and children that are undefined are left out. */
export function xml(name: string, ns: string, attributes: XmlAttributes = {}, ...children: readonly (XmlNode | undefined)[]): XmlElement {
  return new XmlElement(
    name,
    ns,
    flatten(attributes),
    children.filter((child) => child !== undefined),
  )
}

function flatten(attributes: XmlAttributes): string[] {
  const flat: string[] = []
  for (const name in attributes) {
    const value = attributes[name]
    if (value !== undefined) flat.push(name, value)
  }
  return flat
}
