import { indexObjects, ObjectIndex, type Place } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'

/** What a revision did to one object; null: it was not there. */
export interface ChangeRow {
  readonly kind: string
  readonly name: string
  readonly before: string | null
  readonly after: string | null
  /** Where it was written; null: in no file, or it is gone. */
  readonly file: string | null
  readonly line: number | null
}

/** Where objects were written. */
export type Places = Pick<ObjectIndex<Place>, 'get'>

const MAX_FILE_CHARS = 300
const UNWRITTEN = { file: null, line: null } as const
const NOWHERE: Places = new ObjectIndex()

export function objectOf(kind: string, name: string, spec: string): PolicyObject {
  return { kind: kind as PolicyKind, name, spec: JSON.parse(spec) } as PolicyObject
}

/** What leads from one policy to another. Objects that both share are not looked into. */
export function changeRows(before: readonly PolicyObject[], after: readonly PolicyObject[], places: Places = NOWHERE): ChangeRow[] {
  const left = indexObjects(before)
  const rows: ChangeRow[] = []
  for (const object of after) {
    const present = left.get(object)
    left.delete(object)
    if (present === object) continue
    const was = present === undefined ? null : JSON.stringify(present.spec)
    const is = JSON.stringify(object.spec)
    if (was === is) continue
    const place = places.get(object)
    const written = place === undefined ? UNWRITTEN : { file: place.file.slice(0, MAX_FILE_CHARS), line: place.line }
    rows.push({ kind: object.kind, name: object.name, before: was, after: is, ...written })
  }
  for (const { kind, name, spec } of left.values()) rows.push({ kind, name, before: JSON.stringify(spec), after: null, ...UNWRITTEN })
  return rows
}
