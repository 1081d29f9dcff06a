import type { MessageInitShape } from '@bufbuild/protobuf'
import { exportObject, keyOf, sortObjects } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import type { DecidingObjectSchema } from '@gatehouse/proto'
import type { PolicyBook } from '../apply/policy-book.ts'

/** What of a decision says which object decided; the engine's and the wire's both have it. */
export interface DecidedBy {
  readonly rule: string
  readonly proof: readonly { readonly rule: string; readonly source?: string | undefined }[]
}

type Answer = MessageInitShape<typeof DecidingObjectSchema>

/** Counting the lines of an export writes all of it; beyond so many objects only the place as applied is told. */
const MAX_COUNTED = 5_000

/** `kind/name` of the object that the deciding step names; empty: none. */
export function sourceOf(decision: DecidedBy | undefined): string {
  return decision?.proof.find((step) => step.rule === decision.rule)?.source ?? ''
}

/** The object that decided, as it was in force at a revision, and where it was written. Undefined: no object decided. */
export async function decidingObject(
  book: Pick<PolicyBook, 'originOf'>,
  { objects, revision }: { readonly objects: readonly PolicyObject[]; readonly revision: number },
  key: string,
): Promise<Answer | undefined> {
  if (key === '') return undefined
  const object = objects.find((candidate) => keyOf(candidate) === key)
  if (object === undefined) return { object: key, text: '', line: 0 }
  const origin = await book.originOf(object, revision)
  const place = origin?.place
  return {
    object: key,
    text: exportObject(object),
    line: lineInExport(objects, key),
    appliedFile: place?.file ?? '',
    appliedLine: place?.line ?? 0,
    appliedRevision: BigInt(origin?.revision ?? 0),
  }
}

function lineInExport(objects: readonly PolicyObject[], key: string): number {
  if (objects.length > MAX_COUNTED) return 0
  let line = 1
  for (const object of sortObjects(objects)) {
    if (keyOf(object) === key) return line
    // each object is followed by a line of `---`
    line += exportObject(object).split('\n').length
  }
  return 0
}
