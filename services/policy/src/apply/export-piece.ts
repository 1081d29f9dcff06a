import { exportObject } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'

/** A part of an export: whole objects, so that its text can stand alone. */
export interface ExportPiece {
  readonly text: string
  /** Where the next one starts. */
  readonly next: number
}

/** A single object may be larger; it is its own piece then, and still fits in one message. */
const MAX_PIECE_CHARS = 131_072

/** The text of `objects` from number `start` on. Pieces one after the other are the same text as `exportPolicy` of them all. */
export function exportPiece(objects: readonly PolicyObject[], start: number): ExportPiece {
  let text = ''
  let at = start
  for (; at < objects.length && text.length < MAX_PIECE_CHARS; at++) text += (at === 0 ? '' : '---\n') + exportObject(objects[at]!)
  return { text, next: at }
}
