import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { stringify } from 'yaml'
import { API_VERSION, defaultsOf, objectSchemas } from './object-schema.ts'
import { policyKindNames } from './policy-kinds.ts'
import { writePlain } from './write-plain.ts'

const defaultsByKind = new Map<PolicyKind, ReadonlyMap<string, unknown>>()
const keyOrderByKind = new Map<PolicyKind, readonly string[]>()
const rankByKind = new Map(policyKindNames.map((kind, index) => [kind, index]))

/** Kinds in the order of `policy-kinds.ts`, names by code point. */
export function sortObjects(objects: readonly PolicyObject[]): PolicyObject[] {
  return [...objects].sort(compareObjects)
}

function compareObjects(left: PolicyObject, right: PolicyObject): number {
  if (left.kind !== right.kind) return (rankByKind.get(left.kind) ?? 0) - (rankByKind.get(right.kind) ?? 0)
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0
}

/** One object as YAML: keys in the order of its schema, what equals the default left out. Equal objects give equal text. */
export function exportObject(object: PolicyObject): string {
  const written = { apiVersion: API_VERSION, kind: object.kind, metadata: { name: object.name }, spec: writtenSpec(object) }
  // lines of any length: a folded reason would differ from what was written
  return writePlain(written) ?? stringify(written, { lineWidth: 0, version: '1.2' })
}

/** True when both have the same export, found without writing it. */
export function isSameObject(left: PolicyObject, right: PolicyObject): boolean {
  if (left === right) return true
  if (left.kind !== right.kind || left.name !== right.name) return false
  return (
    JSON.stringify(left.spec) === JSON.stringify(right.spec) || JSON.stringify(writtenSpec(left)) === JSON.stringify(writtenSpec(right))
  )
}

/** The whole policy as one text that can be applied again with no change. Comments of the original are gone. */
export function exportPolicy(objects: readonly PolicyObject[]): string {
  return sortObjects(objects).map(exportObject).join('---\n')
}

/** The spec with its keys in the order of the schema, what equals the default left out. */
export function writtenSpec(object: PolicyObject): Record<string, unknown> {
  const spec = object.spec as unknown as Readonly<Record<string, unknown>>
  const defaults = memo(defaultsByKind, object.kind, () => defaultsOf(object.kind))
  const order = memo(keyOrderByKind, object.kind, () =>
    Object.keys(objectSchemas.get(object.kind)?.json.properties?.['spec']?.properties ?? {}),
  )
  const written: Record<string, unknown> = {}
  for (const key of order) {
    const value = spec[key]
    if (value !== undefined && !isEqual(value, defaults.get(key))) written[key] = value
  }
  return written
}

function memo<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const present = map.get(key)
  if (present !== undefined) return present
  const made = make()
  map.set(key, made)
  return made
}

function isEqual(left: unknown, right: unknown): boolean {
  return left === right || (typeof left === 'object' && JSON.stringify(left) === JSON.stringify(right))
}
