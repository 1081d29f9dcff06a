import { type Jid, parseJid } from '../jid/jid.ts'
import type { StreamCondition } from '../stream/stream-condition.ts'
import { ns } from '../xml/namespaces.ts'
import type { XmlElement } from '../xml/xml-element.ts'

/** A stanza whose addresses are prepared. */
export interface Stanza {
  readonly element: XmlElement
  readonly name: 'message' | 'presence' | 'iq'
  readonly from: Jid
  readonly to: Jid
}

/** The stanza, or the stream error that RFC 6120 wants for it. */
export type StanzaReading =
  | { readonly ok: true; readonly stanza: Stanza }
  | { readonly ok: false; readonly condition: StreamCondition; readonly detail: string }

/** Between servers every stanza has both addresses (RFC 6120 §8.1.1.2, §8.1.2.2). */
export function readStanza(element: XmlElement): StanzaReading {
  const { name } = element
  if (element.ns !== ns.client) return { ok: false, condition: 'unsupported-stanza-type', detail: `element of ${element.ns.slice(0, 80)}` }
  if (name !== 'message' && name !== 'presence' && name !== 'iq') {
    return { ok: false, condition: 'unsupported-stanza-type', detail: `element ${name.slice(0, 40)}` }
  }
  const from = parseJid(element.attr('from') ?? '')
  const to = parseJid(element.attr('to') ?? '')
  if (from === undefined || to === undefined) {
    return { ok: false, condition: 'improper-addressing', detail: `no usable ${from === undefined ? 'from' : 'to'}` }
  }
  return { ok: true, stanza: { element, name, from, to } }
}
