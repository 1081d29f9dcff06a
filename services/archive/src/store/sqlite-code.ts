import { GatewayError, messageOf } from '@gatehouse/errors'
import type { ArchiveCode } from '../errors.ts'

// Primary result codes of SQLite, https://sqlite.org/rescode.html
const CODES: Readonly<Record<number, ArchiveCode>> = {
  5: 'GH-ARCHIVE-LOCKED',
  6: 'GH-ARCHIVE-LOCKED',
  8: 'GH-ARCHIVE-READ-ONLY',
  10: 'GH-ARCHIVE-IO',
  11: 'GH-ARCHIVE-CORRUPT',
  13: 'GH-ARCHIVE-DISK-FULL',
  14: 'GH-ARCHIVE-READ-ONLY',
  26: 'GH-ARCHIVE-CORRUPT',
}

/** Our code for what the database threw. */
export function codeOfThrown(thrown: unknown): { readonly code: string; readonly detail: string } {
  if (thrown instanceof GatewayError) return { code: thrown.code, detail: thrown.message }
  const errcode = typeof thrown === 'object' && thrown !== null && 'errcode' in thrown ? Number(thrown.errcode) : 0
  return { code: CODES[errcode & 0xff] ?? 'GH-ARCHIVE-COMMIT', detail: messageOf(thrown) }
}
