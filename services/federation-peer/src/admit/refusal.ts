import type { CodeEntry } from '@gatehouse/errors'
import { type PeerCode, peerCodes } from '../errors.ts'

/** Why a request is not passed on. The outside sees the status only; the inside gets code and reason. */
export interface Refusal {
  readonly code: string
  readonly status: number
  /** Precise sentence for the inside and for logs. */
  readonly reason: string
  /** `ms-diagnostics` id for the inside. */
  readonly diagnostics: number | undefined
  readonly retryAfterS: number | undefined
  /** Headers the RFC demands with the status, such as Allow with 405. */
  readonly headers: readonly (readonly [string, string])[]
  /** Text of a `Warning: 309`, for either side (lcs-edge §10). */
  readonly warning?: string | undefined
  /** False: the far side may have the message all the same. Absent: as the code says. */
  readonly isCertain?: boolean | undefined
}

const NO_HEADERS: readonly (readonly [string, string])[] = []

/** A refusal from this service's own table. */
export function refuse(
  code: PeerCode,
  detail = '',
  options: { retryAfterS?: number; headers?: readonly (readonly [string, string])[] } = {},
): Refusal {
  const entry: CodeEntry = peerCodes[code]
  return {
    code,
    status: entry.sip ?? 500,
    reason: detail === '' ? entry.summary : `${entry.summary} ${detail}`,
    diagnostics: entry.diagnostics,
    retryAfterS: options.retryAfterS,
    headers: options.headers ?? NO_HEADERS,
  }
}
