import type { StreamCondition } from '../stream/stream-condition.ts'
import type { XmlElement } from './xml-element.ts'

/** Bounds of what one stream may make us keep. Sizes in characters of text. */
export interface XmlLimits {
  /** A stanza with everything in it. RFC 6120 §13.12 wants 10,000 bytes at least. */
  readonly maxStanzaChars: number
  /** Levels of elements within a stanza. 32: real ones have six to ten. */
  readonly maxDepth: number
  /** Elements of one stanza. */
  readonly maxElements: number
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributes: number
}

export const DEFAULT_XML_LIMITS: XmlLimits = { maxStanzaChars: 262_144, maxDepth: 32, maxElements: 4_096, maxAttributes: 64 }

/** What the reader finds on a stream, in order. After `defect` or `close` nothing follows. */
export type XmlStreamEvent =
  /** The stream header; its element has no children. */
  | { readonly kind: 'open'; readonly header: XmlElement; readonly contentNs: string }
  | { readonly kind: 'element'; readonly element: XmlElement }
  /** `</stream:stream>`. */
  | { readonly kind: 'close' }
  | { readonly kind: 'defect'; readonly condition: StreamCondition; readonly detail: string }
