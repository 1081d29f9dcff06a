import { describeSchema, type JsonSchema, type SchemaRow } from '@gatehouse/config'
import type { PolicyKind } from '@gatehouse/policy-engine'
import { objectSchemas } from './object-schema.ts'
import { policyKindNames, policyKinds } from './policy-kinds.ts'

export interface KindReference {
  readonly kind: PolicyKind
  readonly summary: string
  readonly isSingleton: boolean
  /** Rows below `spec`. */
  readonly rows: readonly SchemaRow[]
  /** JSON Schema of the whole object, for editors. */
  readonly schema: JsonSchema
}

/** Everything the generated reference and the editor schema need, in the order of the export. */
export function describeKinds(): readonly KindReference[] {
  return policyKindNames.map((kind) => {
    const { summary, isSingleton, spec } = policyKinds[kind]
    return { kind, summary, isSingleton, rows: describeSchema(spec), schema: objectSchemas.get(kind)?.json ?? {} }
  })
}
