import type { z } from 'zod'
import type { JsonSchema } from './json-schema.ts'
import { branchesOf, toJsonSchema } from './json-schema.ts'

/** One line of the generated configuration reference. */
export interface SchemaRow {
  /** Dotted; `[]` for list elements, `<name>` for free keys. */
  readonly path: string
  readonly type: string
  /** As YAML flow text; undefined where the key has no default. */
  readonly default: string | undefined
  readonly isRequired: boolean
  readonly description: string
}

/** Every key of a schema in the order written, sections before their members. */
export function describeSchema(schema: z.ZodType): readonly SchemaRow[] {
  const rows: SchemaRow[] = []
  describeMembers(toJsonSchema(schema), '', rows)
  return rows
}

function describeMembers(node: JsonSchema, prefix: string, rows: SchemaRow[]): void {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const path = prefix === '' ? key : `${prefix}.${key}`
    const isRequired = node.required?.includes(key) ?? false
    if (!rows.some((row) => row.path === path)) rows.push(rowOf(path, child, isRequired))
    describeBelow(child, path, rows)
  }
  for (const branch of branchesOf(node)) describeMembers(branch, prefix, rows)
}

function describeBelow(node: JsonSchema, path: string, rows: SchemaRow[]): void {
  describeMembers(node, path, rows)
  for (const part of [node, ...branchesOf(node)]) {
    if (typeof part.items === 'object') describeBelow(part.items, `${path}[]`, rows)
    if (typeof part.additionalProperties === 'object') describeBelow(part.additionalProperties, `${path}.<name>`, rows)
  }
}

function rowOf(path: string, node: JsonSchema, isRequired: boolean): SchemaRow {
  const isSection = node.properties !== undefined
  const defaultText = node.default === undefined || isSection ? undefined : JSON.stringify(node.default)
  return { path, type: typeText(node), default: defaultText, isRequired, description: node.description ?? '' }
}

function typeText(node: JsonSchema): string {
  if (node.enum !== undefined) return node.enum.map(String).join(' | ')
  if (node.const !== undefined) return typeof node.const === 'string' ? node.const : JSON.stringify(node.const)
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
  if (branches.length > 0) return [...new Set(branches.map(typeText))].join(' | ')
  if (node.properties !== undefined) return 'section'
  if (node.type === 'array') return `list of ${typeof node.items === 'object' ? typeText(node.items) : 'anything'}`
  if (node.type === 'object')
    return `map of ${typeof node.additionalProperties === 'object' ? typeText(node.additionalProperties) : 'anything'}`
  const limits = limitText(node)
  return `${typeof node.type === 'string' ? node.type : 'text'}${limits === '' ? '' : ` ${limits}`}`
}

function limitText(node: JsonSchema): string {
  if (node.type !== 'integer' && node.type !== 'number') return ''
  // zod writes JavaScript's safe range for every integer; that is no limit a reader cares about.
  const low = node.minimum ?? node.exclusiveMinimum
  const high = node.maximum ?? node.exclusiveMaximum
  const hasLow = low !== undefined && low !== Number.MIN_SAFE_INTEGER
  const hasHigh = high !== undefined && high !== Number.MAX_SAFE_INTEGER
  if (hasLow && hasHigh) return `${low}…${high}`
  if (hasLow) return `≥ ${low}`
  return hasHigh ? `≤ ${high}` : ''
}
