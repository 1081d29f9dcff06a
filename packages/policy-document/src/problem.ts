import type { PolicyObject } from '@gatehouse/policy-engine'
import type { DocumentCode } from './errors.ts'

export interface Place {
  readonly file: string
  /** From 1; 0: not from a file. */
  readonly line: number
  /** From 1; 0: not from a file. */
  readonly column: number
}

/** One mistake (`error`) or one thing worth knowing (`warning`), with what to write instead. */
export interface DocumentProblem extends Place {
  readonly severity: 'error' | 'warning'
  readonly code: DocumentCode
  readonly message: string
  /** `kind/name` of the object it is about, where objects were looked at together. */
  readonly object?: string
}

/** An object and where it was written. */
export interface PlacedObject {
  readonly object: PolicyObject
  readonly place: Place
}

export interface DocumentFile {
  /** As shown in problems. */
  readonly name: string
  readonly text: string
}

/** `kind/name`: how objects are named everywhere. */
export function keyOf(object: PolicyObject): string {
  return `${object.kind}/${object.name}`
}

/** `file:line:column: severity: message (CODE)`, the form editors and terminals make clickable. */
export function formatDocumentProblem(problem: DocumentProblem): string {
  const where = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  return `${where}: ${problem.severity}: ${problem.message} (${problem.code})`
}
