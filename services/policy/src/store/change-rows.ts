import { keyOf, type Place } from '@gatehouse/policy-document'
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

const MAX_FILE_CHARS = 300
const UNWRITTEN = { file: null, line: null } as const
const NOWHERE: ReadonlyMap<string, Place> = new Map()

export function objectOf(kind: string, name: string, spec: string): PolicyObject {
  return { kind: kind as PolicyKind, name, spec: JSON.parse(spec) } as PolicyObject
}

/** What leads from one policy to another. */
export function changeRows(
  before: readonly PolicyObject[],
  after: readonly PolicyObject[],
  places: ReadonlyMap<string, Place> = NOWHERE,
): ChangeRow[] {
  const specs = new Map(before.map((object) => [keyOf(object), JSON.stringify(object.spec)]))
  const rows: ChangeRow[] = []
  const present = new Set<string>()
  for (const object of after) {
    const key = keyOf(object)
    present.add(key)
    const was = specs.get(key) ?? null
    const is = JSON.stringify(object.spec)
    if (was === is) continue
    const place = places.get(key)
    const written = place === undefined ? UNWRITTEN : { file: place.file.slice(0, MAX_FILE_CHARS), line: place.line }
    rows.push({ kind: object.kind, name: object.name, before: was, after: is, ...written })
  }
  for (const object of before) {
    const key = keyOf(object)
    if (!present.has(key)) rows.push({ kind: object.kind, name: object.name, before: specs.get(key) ?? null, after: null, ...UNWRITTEN })
  }
  return rows
}
