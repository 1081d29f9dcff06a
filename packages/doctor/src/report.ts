import type { Side } from './doctor-code.ts'
import { type DoctorCode, doctorCodes } from './errors.ts'

/** In the order in which a message would feel them. */
export const STEP_NAMES = [
  'srv',
  'address',
  'tcp',
  'tls',
  'chain',
  'names',
  'usage',
  'validity',
  'revocation',
  'policy',
  'options',
  'echo',
] as const

export type StepName = (typeof STEP_NAMES)[number]
export type StepResult = 'ok' | 'warn' | 'fail' | 'skipped'

/** One thing that is not as it should be. */
export interface Finding {
  readonly code: DoctorCode
  readonly result: Exclude<StepResult, 'ok'>
  /** The facts of this case; may hold text of the peer. */
  readonly detail: string
}

/** What a step saw: name and value. Values may be text of the peer. */
export type Fact = readonly [name: string, value: string]

export interface StepOutcome {
  /** Empty: all is well. */
  readonly findings: readonly Finding[]
  readonly facts: readonly Fact[]
  /** Set: the step could not or need not be done, and why. */
  readonly skipped?: string | undefined
}

export interface StepReport {
  readonly name: StepName
  readonly result: StepResult
  readonly durationMs: number
  /** Code of the worst finding; empty where there is none. */
  readonly code: DoctorCode | ''
  /** One line for people: the finding, or what is well. */
  readonly summary: string
  readonly detail: string
  /** The fix in words; empty where nothing is to be done. */
  readonly fix: string
  readonly side: Side | ''
  readonly facts: readonly Fact[]
  /** Further findings of the same step. */
  readonly also: readonly Finding[]
}

const RANK: Readonly<Record<StepResult, number>> = { fail: 3, warn: 2, skipped: 1, ok: 0 }

export function findingOf(code: DoctorCode, detail = '', result: Finding['result'] = 'fail'): Finding {
  return { code, result, detail }
}

/** A finding that does not keep messages from passing. */
export function warningOf(code: DoctorCode, detail = ''): Finding {
  return findingOf(code, detail, 'warn')
}

/** The worst comes first; among equals the one found first. */
export function reportOf(name: StepName, outcome: StepOutcome, durationMs: number): StepReport {
  const [worst, ...also] = [...outcome.findings].sort((a, b) => RANK[b.result] - RANK[a.result])
  const base = { name, durationMs: Math.round(durationMs), facts: outcome.facts, also }
  if (worst === undefined) {
    const isSkipped = outcome.skipped !== undefined
    const detail = outcome.skipped ?? ''
    return { ...base, result: isSkipped ? 'skipped' : 'ok', code: '', summary: isSkipped ? 'Not done.' : '', detail, fix: '', side: '' }
  }
  const { summary, remedy, side } = doctorCodes[worst.code]
  return { ...base, result: worst.result, code: worst.code, summary, detail: worst.detail, fix: remedy, side }
}

/** The result of the whole run. */
export function worstOf(reports: readonly { readonly result: StepResult }[]): 'ok' | 'warn' | 'fail' {
  if (reports.some((report) => report.result === 'fail')) return 'fail'
  return reports.some((report) => report.result === 'warn') ? 'warn' : 'ok'
}

/** The step that an operator should look at first: the first failure, else the first warning. */
export function firstTrouble(reports: readonly StepReport[]): StepReport | undefined {
  return reports.find((report) => report.result === 'fail') ?? reports.find((report) => report.result === 'warn')
}
