import type { XmlElement, XmlNode } from '@gatehouse/xmpp-core'
import { escapeHtml } from './escape-html.ts'
import { extension } from './extension-namespaces.ts'

/** XEP-0071 §7 without style, images and everything that loads or runs something. */
const ALLOWED = new Set('a blockquote br cite code em h1 h2 h3 h4 h5 h6 li ol p pre q span strong ul'.split(' '))
const LINK = /^(?:https?|mailto|xmpp|sips?|tel):[^\s\\]*$/i

/** The mark-up of an XHTML-IM message as HTML that only has harmless elements; of others only what is inside is kept. */
export function sanitiseXhtml(body: XmlElement): string {
  return body.children.map(write).join('').trim()
}

function write(node: XmlNode): string {
  if (typeof node === 'string') return escapeHtml(node)
  if (node.ns !== extension.xhtml || node.name === 'script' || node.name === 'style') return ''
  if (node.name === 'img') return escapeHtml(node.attr('alt') ?? '')
  const inner = node.children.map(write).join('')
  if (!ALLOWED.has(node.name)) return inner
  if (node.name === 'br') return '<br>'
  const href = node.name === 'a' ? (node.attr('href') ?? '') : ''
  if (node.name === 'a' && !LINK.test(href)) return inner
  return `<${node.name}${href === '' ? '' : ` href="${escapeHtml(href)}"`}>${inner}</${node.name}>`
}
