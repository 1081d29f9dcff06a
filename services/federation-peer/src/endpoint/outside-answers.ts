import type { DeliveryOutcome } from '@gatehouse/im-model'
import { createResponse, type SipResponse } from '@gatehouse/sip-core'
import type { Refusal } from '../admit/refusal.ts'
import { renderTrust, TRUST_HEADER } from '../boundary/trust-header.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { Passage } from '../session/passage.ts'
import type { HeaderPairs } from './own-request.ts'
import { statusOf } from './status-table.ts'

/** Outside, nobody learns from an answer who exists (lcs-edge §15, item 5). */
const LOOKS_UNKNOWN: ReadonlySet<number> = new Set([403, 404, 410, 604])
const UNKNOWN_USER = 404

/** Answers in the name of people who are not on SIP. */
export class OutsideAnswers {
  readonly #own: OwnNames
  readonly #newTag: () => string

  constructor(own: OwnNames, newTag: () => string) {
    this.#own = own
    this.#newTag = newTag
  }

  /** Inside it says how sure we are of them, as everything that comes from outside does. */
  of(passage: Passage, status: number, headers: HeaderPairs = [], body?: Uint8Array): SipResponse {
    const { decision, side, toDomain } = passage
    const all = [...headers]
    if (side === 'internal' && decision !== undefined) {
      const { mark, peerClass } = decision
      all.push([TRUST_HEADER, renderTrust({ peerClass, edgeName: this.#own.external.host, mark, remoteName: toDomain })])
    }
    return createResponse(passage.request, status, undefined, {
      toTag: this.#newTag(),
      headers: all,
      ...(body === undefined ? {} : { body }),
    })
  }

  refusalOf(passage: Passage, outcome: DeliveryOutcome): Refusal {
    const status = statusOf(outcome, passage.method, passage.isInDialog)
    const isHidden = passage.side === 'external' && !passage.isInDialog && LOOKS_UNKNOWN.has(status)
    return {
      code: outcome.code,
      status: isHidden ? UNKNOWN_USER : status,
      reason: outcome.detail,
      diagnostics: undefined,
      retryAfterS: undefined,
      headers: [],
      isCertain: outcome.isCertain,
    }
  }
}
