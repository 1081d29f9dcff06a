import type { DoctorCode } from '../errors.ts'
import type { Place } from '../examination.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'

export interface Knock {
  readonly place: Place
  /** Empty: it answered. */
  readonly code: string
  readonly isTimeout: boolean
  readonly durationMs: number
}

export function isOpen(knock: Knock): boolean {
  return knock.code === '' && !knock.isTimeout
}

export function judgeTcp(knocks: readonly Knock[]): readonly Finding[] {
  const dead = knocks.filter((knock) => !isOpen(knock))
  if (dead.length === 0) return []
  const detail = dead.map(({ place, code, isTimeout }) => `${where(place)}: ${isTimeout ? 'timeout' : code}`).join('; ')
  if (dead.length < knocks.length) return [warningOf('GH-DOCTOR-TCP-SOME-DEAD', detail)]
  return [findingOf(codeOf(dead), detail)]
}

/** A port that says no tells more than one that says nothing, and that more than an address without a way to it. */
function codeOf(dead: readonly Knock[]): DoctorCode {
  if (dead.some(({ code }) => code === 'ECONNREFUSED' || code === 'ECONNRESET')) return 'GH-DOCTOR-TCP-REFUSED'
  return dead.some(({ isTimeout, code }) => isTimeout || code === 'ETIMEDOUT') ? 'GH-DOCTOR-TCP-TIMEOUT' : 'GH-DOCTOR-TCP-UNREACHABLE'
}

export function where({ host, address, port }: Place): string {
  if (host === address) return `${host}:${port}`
  return `${host} (${address}:${port})`
}
