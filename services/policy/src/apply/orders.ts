import { type DocumentProblem, describeDifference, type ObjectChange, type ObjectDifference } from '@gatehouse/policy-document'
import type { Role } from '../access/roles.ts'

/** A document as it came: whole, or in pieces in their order. */
export interface OrderFile {
  readonly name: string
  readonly text: string | readonly string[]
}

/** Who asks for a change, and on what condition. */
export interface Order {
  readonly author: string
  readonly reason: string
  readonly isDryRun: boolean
  /** 0: whatever is in force. */
  readonly expectedRevision: number
  readonly role: Role
  /** Kinds that are changed elsewhere only: in the cluster. Absent: none. */
  readonly clusterKinds?: readonly string[]
  /** Milliseconds since the epoch: for expiries, and when the revision was made. */
  readonly nowMs: number
}

export interface ApplyOrder extends Order {
  readonly files: readonly OrderFile[]
  /** Objects that are in force but not in the files are deleted. */
  readonly prunes: boolean
  /** Keys (`kind/name`) of objects to delete. */
  readonly remove: readonly string[]
  /** Domains and addresses whose block entries are deleted. */
  readonly unblock: readonly string[]
  /** Empty: none. */
  readonly preset: string
}

export interface RollbackOrder extends Order {
  readonly toRevision: number
}

export interface DiffOrder {
  /** 0: the one in force. */
  readonly from: number
  /** 0: the one in force. */
  readonly to: number
  /** Compared with `from` instead of `to`, when there are any. */
  readonly files: readonly OrderFile[]
  readonly prunes: boolean
  readonly nowMs: number
}

export interface ApplyOutcome {
  readonly isApplied: boolean
  readonly revision: number
  /** The first thousand. */
  readonly changes: readonly ObjectChange[]
  readonly changeCount: number
  /** The first thousand, errors before warnings. */
  readonly problems: readonly DocumentProblem[]
}

/** An answer is for people and has to fit in one message. */
const MAX_TOLD = 1_000

export function outcomeOf(
  differences: readonly ObjectDifference[],
  problems: readonly DocumentProblem[],
): Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'> {
  return {
    changes: differences.slice(0, MAX_TOLD).map(describeDifference),
    changeCount: differences.length,
    problems: problems.length <= MAX_TOLD ? problems : mostTelling(problems),
  }
}

function mostTelling(problems: readonly DocumentProblem[]): DocumentProblem[] {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity !== 'error')
  const told = [...errors, ...warnings].slice(0, MAX_TOLD)
  const left = problems.length - told.length
  const message = `${left} more ${left === 1 ? 'problem' : 'problems'}`
  return [...told, { file: 'policy', line: 0, column: 0, severity: 'warning', code: 'GH-DOCUMENT-MORE', message }]
}
