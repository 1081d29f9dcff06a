import type { Passage } from '../session/passage.ts'

/**
 * What belongs on record: messages, and what opens and ends a session. Presence, typing notices, receipts and probes are
 * not conversation; LCS archived none of them (lcs-edge §11.1).
 */
export function goesOnRecord(passage: Passage): boolean {
  if (passage.kind === 'message') return true
  return passage.kind === 'session' && (passage.method === 'INVITE' || passage.method === 'BYE')
}
