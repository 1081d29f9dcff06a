import { decodeHeaderText, type SipResponse } from '@gatehouse/sip-core'
import type { DoctorCode } from '../errors.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'
import type { WireAnswer } from '../wire/sip-wire.ts'
import { refusesOurCertificate } from './judge-tls.ts'

/** What the framer says of an answer that is too much, not wrong. */
const TOO_MUCH = /GH-SIP-(?:HEAD-SIZE|BODY-SIZE|BACKLOG)/

/** Answers that are not about whether we may, but whether it works behind the edge. */
const AWAY: ReadonlySet<number> = new Set([408, 480, 500, 502, 503, 504])

export function judgeOptions(answer: WireAnswer, strayResponses: number, isOpenAfter: boolean): readonly Finding[] {
  if (answer.kind !== 'response') return [judgeNoAnswer(answer, strayResponses)]
  const { response } = answer
  const { status } = response
  const detail = answerText(response)
  if (status >= 200 && status < 300) return isOpenAfter ? [] : [warningOf('GH-DOCTOR-OPTIONS-CLOSES')]
  if (status === 405 || status === 501) return [warningOf('GH-DOCTOR-OPTIONS-METHOD', detail)]
  // Many servers have no answer for a domain without a user, and take messages all the same.
  if (status === 404 || status === 604) return [warningOf('GH-DOCTOR-OPTIONS-NOT-FOUND', detail)]
  return [findingOf(codeOf(status), detail)]
}

function codeOf(status: number): DoctorCode {
  if (status === 401 || status === 403 || status === 407) return 'GH-DOCTOR-OPTIONS-FORBIDDEN'
  if (status === 482 || status === 483) return 'GH-DOCTOR-OPTIONS-LOOP'
  return AWAY.has(status) ? 'GH-DOCTOR-OPTIONS-AWAY' : 'GH-DOCTOR-OPTIONS-REFUSED'
}

function judgeNoAnswer(answer: Exclude<WireAnswer, { kind: 'response' }>, strayResponses: number): Finding {
  if (strayResponses > 0) return findingOf('GH-DOCTOR-OPTIONS-VIA')
  if (answer.kind === 'timeout') return findingOf('GH-DOCTOR-OPTIONS-TIMEOUT')
  if (answer.kind === 'broken')
    return findingOf(TOO_MUCH.test(answer.detail) ? 'GH-DOCTOR-OPTIONS-HUGE' : 'GH-DOCTOR-OPTIONS-GARBAGE', answer.detail)
  if (refusesOurCertificate(answer.code)) return findingOf('GH-DOCTOR-TLS-OWN-CERTIFICATE', answer.code)
  return findingOf('GH-DOCTOR-OPTIONS-CLOSED', answer.detail)
}

/** Answers that mean that there is no such address, or no messages to it. */
const NO_ECHO: ReadonlySet<number> = new Set([404, 405, 410, 480, 501, 604])

/** `isSeen`: the message came back. */
export function judgeEcho(answer: WireAnswer, isSeen: boolean, canSee: boolean): readonly Finding[] {
  if (answer.kind !== 'response') return [findingOf('GH-DOCTOR-ECHO-FAILED', answer.kind === 'timeout' ? 'no answer' : answer.detail)]
  const { status } = answer.response
  const detail = answerText(answer.response)
  if (status >= 200 && status < 300) {
    if (isSeen) return []
    return [warningOf('GH-DOCTOR-ECHO-UNSEEN', canSee ? detail : `${detail}; only this connection was watched`)]
  }
  if (NO_ECHO.has(status)) return [findingOf('GH-DOCTOR-ECHO-NONE', detail, 'skipped')]
  return [warningOf('GH-DOCTOR-ECHO-REFUSED', detail)]
}

/** Status, phrase, and what the partner says about it. */
export function answerText(response: SipResponse): string {
  const more = response.headers.first('ms-diagnostics') ?? response.headers.first('warning') ?? response.headers.first('reason')
  const text = decodeHeaderText(`${response.status} ${response.reason}${more === undefined ? '' : ` (${more})`}`)
  return text.slice(0, 300)
}
