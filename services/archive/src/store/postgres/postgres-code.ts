import { GatewayError, messageOf } from '@gatehouse/errors'
import { DatabaseError } from 'pg'
import type { ArchiveCode } from '../../errors.ts'

// SQLSTATEs of PostgreSQL, appendix A; the first characters decide.
const CODES: readonly (readonly [prefix: string, code: ArchiveCode])[] = [
  ['53100', 'GH-ARCHIVE-DISK-FULL'],
  ['25006', 'GH-ARCHIVE-READ-ONLY'],
  ['55P03', 'GH-ARCHIVE-LOCKED'],
  ['40P01', 'GH-ARCHIVE-LOCKED'],
  ['XX001', 'GH-ARCHIVE-CORRUPT'],
  ['XX002', 'GH-ARCHIVE-CORRUPT'],
  ['58', 'GH-ARCHIVE-IO'],
  ['08', 'GH-ARCHIVE-DATABASE'],
  ['28', 'GH-ARCHIVE-DATABASE'],
  ['3D', 'GH-ARCHIVE-DATABASE'],
  ['53', 'GH-ARCHIVE-DATABASE'],
  ['57', 'GH-ARCHIVE-DATABASE'],
]

/** Our code for what PostgreSQL or the way to it threw. */
export function codeOfPostgres(thrown: unknown): { readonly code: string; readonly detail: string } {
  if (thrown instanceof GatewayError) return { code: thrown.code, detail: thrown.message }
  const detail = messageOf(thrown)
  // Not from the server: the connection was refused, lost or too slow.
  if (!(thrown instanceof DatabaseError)) return { code: 'GH-ARCHIVE-DATABASE', detail }
  const state = thrown.code ?? ''
  return { code: CODES.find(([prefix]) => state.startsWith(prefix))?.[1] ?? 'GH-ARCHIVE-COMMIT', detail: `${state} ${detail}` }
}
