import { explainIssue, pathText } from '@gatehouse/config'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { checkObjects } from './check-objects.ts'
import { type DocumentCode, documentCodes } from './errors.ts'
import { documentCodeOf } from './finding-code.ts'
import { API_VERSION, objectSchemas } from './object-schema.ts'
import { keyOf } from './problem.ts'

/** One mistake in or between objects that were not written in a file. */
export interface ObjectProblem {
  /** `kind/name` of the object it is about. */
  readonly object: string
  /** Where in the object, such as `spec.domains[0]`; empty: the object among the others. */
  readonly path: string
  readonly severity: 'error' | 'warning'
  readonly code: DocumentCode
  readonly message: string
  readonly remedy: string
}

export type ObjectResult =
  | { readonly ok: true; readonly object: PolicyObject }
  | { readonly ok: false; readonly problems: readonly ObjectProblem[] }

/** More mistakes of one object help nobody. */
const MAX_PROBLEMS = 20

/** One object from its name and the value of its `spec`, whatever that is: what is wrong with it alone is told. Never throws. */
export function readObject(kind: PolicyKind, name: string, spec: unknown): ObjectResult {
  const value = { apiVersion: API_VERSION, kind, metadata: { name }, spec: spec ?? {} }
  const known = objectSchemas.get(kind)
  const result = known?.schema.safeParse(value)
  if (known === undefined || result === undefined) throw new Error(`no such kind: ${kind}`)
  if (result.success) return { ok: true, object: { kind, name, spec: result.data.spec } as PolicyObject }
  const problems = result.error.issues
    .slice(0, MAX_PROBLEMS)
    .flatMap((issue) => explainIssue(issue, [], known.json, value))
    .map((finding): ObjectProblem => {
      const code = documentCodeOf(finding)
      const { remedy } = documentCodes[code]
      return { object: `${kind}/${name}`, path: pathText(finding.path), severity: 'error', code, message: finding.message, remedy }
    })
  return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) }
}

/** What is wrong, or odd, between objects that are right each for itself. `where` is how messages name the place of any of them. */
export function checkPolicy(
  objects: readonly PolicyObject[],
  options: { readonly nowMs: number; readonly where: string },
): ObjectProblem[] {
  const place = { file: options.where, line: 0, column: 0 }
  return checkObjects(
    objects.map((object) => ({ object, place })),
    options.nowMs,
  ).map(({ object = '', severity, code, message }) => ({
    object,
    path: '',
    severity,
    code,
    message: message.startsWith(`${object}: `) ? message.slice(object.length + 2) : message,
    remedy: documentCodes[code].remedy,
  }))
}

/** `spec.domains[0]: message (CODE)`. */
export function formatObjectProblem({ path, code, message }: ObjectProblem): string {
  return `${path === '' || message.includes(`'${path}'`) ? '' : `${path}: `}${message} (${code})`
}

/** True when one of the problems is about this object. */
export function isAbout(object: PolicyObject, problem: ObjectProblem): boolean {
  return problem.object === keyOf(object)
}
