import type { TypingEvent } from '@gatehouse/im-model'
import { findElement, readXml } from './xml-reader.ts'

export const IS_COMPOSING = 'application/im-iscomposing+xml'
/** Of Microsoft's INFO (lcs-edge §12.1). */
export const KEYBOARD_ACTIVITY = 'application/xml'
/** RFC 3994 §3.3: what holds when nobody says. */
const DEFAULT_REFRESH_S = 120
const MAX_REFRESH_S = 3_600

/** RFC 3994 §4: `application/im-iscomposing+xml`. */
export function readIsComposing(body: Uint8Array): TypingEvent | undefined {
  const root = readXml(body)
  if (root?.name !== 'isComposing') return undefined
  const state = findElement(root, 'state')?.text.trim().toLowerCase()
  // RFC 7573 §6, table 3
  if (state === 'idle') return { kind: 'typing', state: 'active' }
  if (state !== 'active') return undefined
  const refreshS = Number.parseInt(findElement(root, 'refresh')?.text ?? '', 10)
  return refreshS > 0
    ? { kind: 'typing', state: 'composing', refreshS: Math.min(refreshS, MAX_REFRESH_S) }
    : { kind: 'typing', state: 'composing' }
}

/** Microsoft's `KeyboardActivity`: `type` while keys are pressed, then `idle`. */
export function readKeyboardActivity(body: Uint8Array): TypingEvent | undefined {
  const root = readXml(body)
  if (root?.name !== 'KeyboardActivity') return undefined
  const status = findElement(root, 'status')?.attributes.get('status')?.toLowerCase()
  if (status === 'type') return { kind: 'typing', state: 'composing' }
  return status === 'idle' ? { kind: 'typing', state: 'active' } : undefined
}

/** Everything but `composing` is idle to RFC 3994 (§3.2). */
export function renderIsComposing(event: TypingEvent): Uint8Array {
  const isActive = event.state === 'composing'
  const refresh = isActive ? `<refresh>${event.refreshS ?? DEFAULT_REFRESH_S}</refresh>` : ''
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>${isActive ? 'active' : 'idle'}</state><contenttype>text/plain</contenttype>${refresh}</isComposing>`,
  )
}

export function renderKeyboardActivity(event: TypingEvent): Uint8Array {
  const status = event.state === 'composing' ? 'type' : 'idle'
  return Buffer.from(`<?xml version="1.0"?><KeyboardActivity> <status status="${status}" /></KeyboardActivity>`)
}
