import type { JsonSchema } from '@gatehouse/config'
import { objectSchemas } from './object-schema.ts'
import { policyKindNames, policyKinds } from './policy-kinds.ts'

/** JSON Schema (2020-12) of one object of a policy document, any kind: what editors complete and check with. */
export function editorSchema(): Readonly<Record<string, unknown>> {
  const definitions: Record<string, JsonSchema> = {}
  for (const kind of policyKindNames) definitions[kind] = objectSchemas.get(kind)?.json ?? {}
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Gatehouse policy object',
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata'],
    properties: {
      kind: { enum: policyKindNames, description: 'What this object is.' },
    },
    // one branch per kind: an editor then names the mistake of that kind, not of all of them
    allOf: policyKindNames.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { description: policyKinds[kind].summary, $ref: `#/$defs/${kind}` },
    })),
    $defs: Object.fromEntries(Object.entries(definitions).map(([kind, schema]) => [kind, withoutDialect(schema)])),
  }
}

/** A subschema may not name its dialect again. */
function withoutDialect(schema: JsonSchema): JsonSchema {
  const { $schema: _, ...rest } = schema as JsonSchema & { readonly $schema?: string }
  return rest
}
