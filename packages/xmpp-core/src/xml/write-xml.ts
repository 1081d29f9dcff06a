import { escapeXml } from './escape-xml.ts'
import { ns } from './namespaces.ts'
import type { XmlElement } from './xml-element.ts'

/** Namespaces that every stream header of ours binds to a prefix; older servers look at the prefix (RFC 6120 §4.8.5, XEP-0220 §2.1). */
const PREFIXES: Readonly<Record<string, string>> = { [ns.streams]: 'stream:', [ns.dialback]: 'db:' }

/** The element as text, inside something whose default namespace is `parentNs`. Attributes of foreign namespaces are left out. */
export function writeXml(element: XmlElement, parentNs: string): string {
  const prefix = PREFIXES[element.ns]
  const name = prefix === undefined ? element.name : prefix + element.name
  const defaultNs = prefix === undefined ? element.ns : parentNs
  let text = `<${name}`
  if (defaultNs !== parentNs) text += ` xmlns='${escapeXml(defaultNs)}'`
  const { attributes } = element
  for (let index = 0; index < attributes.length; index += 2) {
    const attribute = attributes[index] as string
    if (!attribute.startsWith('{')) text += ` ${attribute}='${escapeXml(attributes[index + 1] as string)}'`
  }
  if (element.children.length === 0) return `${text}/>`
  text += '>'
  for (const child of element.children) text += typeof child === 'string' ? escapeXml(child) : writeXml(child, defaultNs)
  return `${text}</${name}>`
}
