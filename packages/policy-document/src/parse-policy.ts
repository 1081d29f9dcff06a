import type { PolicyObject } from '@gatehouse/policy-engine'
import { checkObjects } from './check-objects.ts'
import { indexObjects, ObjectIndex } from './object-index.ts'
import type { DocumentFile, DocumentProblem, Place, PlacedObject } from './problem.ts'
import { readDocuments } from './read-documents.ts'

export interface ParseOptions {
  /** For expiries. */
  readonly nowMs: number
  /** Objects in force that stay, unless the files bring one of the same kind and name. */
  readonly inForce?: readonly PolicyObject[]
  /** How problems name `inForce`. */
  readonly inForceName?: string
}

export interface ParseResult {
  /** No problem is an error: the objects may be put in force. */
  readonly isValid: boolean
  /** All objects that would be in force. */
  readonly objects: readonly PolicyObject[]
  readonly problems: readonly DocumentProblem[]
  /** Where each object of the files was written; what stays from `inForce` has none. */
  readonly places: ObjectIndex<Place>
}

/** Reads a whole policy: every mistake at once, in its files and between its objects. Never throws on what the files hold. */
export function parsePolicy(files: readonly DocumentFile[], options: ParseOptions): ParseResult {
  const problems: DocumentProblem[] = []
  const written: PlacedObject[] = []
  for (const file of files) {
    const result = readDocuments(file)
    for (const problem of result.problems) problems.push(problem)
    for (const placed of result.objects) written.push(placed)
  }
  const hasReadError = problems.length > 0
  const placed = kept(written, options)
  for (const one of written) placed.push(one)
  for (const problem of checkObjects(placed, options.nowMs)) problems.push(problem)
  // what a half-read document would let through says nothing
  if (!hasReadError) problems.push(...closedWarning(placed))
  const places = new ObjectIndex<Place>()
  for (const { object, place } of written) places.set(object, place)
  const isValid = !problems.some((problem) => problem.severity === 'error')
  return { isValid, objects: placed.map(({ object }) => object), problems, places }
}

function kept(written: readonly PlacedObject[], options: ParseOptions): PlacedObject[] {
  const replaced = indexObjects(written.map(({ object }) => object))
  const place = { file: options.inForceName ?? 'in force', line: 0, column: 0 }
  return (options.inForce ?? []).filter((object) => !replaced.has(object)).map((object) => ({ object, place }))
}

/** Secure by default: an empty document lets nothing through, and says so. */
function closedWarning(objects: readonly PlacedObject[]): DocumentProblem[] {
  const settings = objects.find(({ object }) => object.kind === 'FederationSettings')?.object
  const isOn = settings?.kind === 'FederationSettings' && settings.spec.enabled
  const hasInside = objects.some(({ object }) => object.kind === 'InternalDomain')
  const isHub = settings?.kind === 'FederationSettings' && settings.spec.beClearinghouse
  if (isOn && (hasInside || isHub)) return []
  const message = isOn
    ? 'nothing passes: there is no InternalDomain'
    : 'nothing passes: federation is off; write `kind: FederationSettings` with `spec: {enabled: true}`'
  return [{ file: 'policy', line: 0, column: 0, severity: 'warning', code: 'GH-DOCUMENT-CLOSED', message }]
}
