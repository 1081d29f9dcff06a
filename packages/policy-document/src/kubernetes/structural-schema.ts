import type { JsonSchema } from '@gatehouse/config'

/** A node of the OpenAPI v3 schema of a custom resource, as far as we write it. */
export type StructuralSchema = Readonly<Record<string, unknown>>

const COPIED = ['description', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'] as const
/** Keywords that say nothing a structural schema could repeat, or that are dealt with by name below. */
const KNOWN: ReadonlySet<string> = new Set([
  ...COPIED,
  '$schema',
  'type',
  'default',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'pattern',
])

/**
 * A JSON Schema of ours as a structural schema: types, ranges and words. Three things stay behind on purpose. Patterns: our own check
 * says what to write instead, and takes some values in either case. Defaults: stored with the object they would outlive the version that
 * chose them, and show as drift in every GitOps tool. And the word that no other keys may stand there: the API server would then drop
 * them without a sound, and with `expires` misspelt a permission would never end; they are kept, and refused by our check.
 * Throws on a keyword it does not know: a schema that loses a rule silently is worse than none.
 */
export function structuralSchema(node: JsonSchema): StructuralSchema {
  const unknown = Object.keys(node).find((key) => !KNOWN.has(key))
  if (unknown !== undefined) throw new Error(`the JSON Schema keyword '${unknown}' has no place in a structural schema yet`)
  if (node.anyOf !== undefined) return structuralSchema(widest(node, node.anyOf))
  const written: Record<string, unknown> = { type: node.type }
  for (const key of COPIED) if (node[key] !== undefined) written[key] = node[key]
  if (node.default !== undefined) written['description'] = withDefault(node)
  if (node.const !== undefined) written['enum'] = [node.const]
  if (node.enum !== undefined) written['enum'] = node.enum
  if (typeof node.items === 'object') written['items'] = structuralSchema(node.items)
  if (node.type !== 'object') return written
  written['properties'] = Object.fromEntries(Object.entries(node.properties ?? {}).map(([key, child]) => [key, structuralSchema(child)]))
  if (node.required !== undefined && node.required.length > 0) written['required'] = node.required
  written['x-kubernetes-preserve-unknown-fields'] = true
  return written
}

/** Alternatives of one type, such as an address or a domain: a structural schema has one type, and our check knows the two apart. */
function widest(node: JsonSchema, branches: readonly JsonSchema[]): JsonSchema {
  const [first, ...others] = branches
  if (first?.type === undefined || others.some(({ type }) => type !== first.type)) {
    throw new Error('alternatives of different types have no place in a structural schema')
  }
  const { anyOf: _, ...rest } = node
  const longest = Math.max(...branches.map(({ maxLength }) => maxLength ?? Number.POSITIVE_INFINITY))
  return { ...rest, type: first.type, ...(Number.isFinite(longest) ? { maxLength: longest } : {}) }
}

/** What holds without the key, for `kubectl explain`. Long lists and maps are in the reference. */
function withDefault({ description = '', default: value }: JsonSchema): string {
  const shown = JSON.stringify(value)
  return shown.length > 60 ? description : `${description} Default: ${shown}.`.trim()
}
