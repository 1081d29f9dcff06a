import { type JsonSchema, toJsonSchema } from '@gatehouse/config'
import type { PolicyKind, PolicySpecs } from '@gatehouse/policy-engine'
import { z } from 'zod'
import { policyKindNames, policyKinds } from './policy-kinds.ts'

export const API_VERSION = 'gatehouse/v1'

/** Kubernetes' rule for object names, so that a document can become custom resources as it is. */
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/

const metadata = z.strictObject({
  name: z
    .string()
    .max(253)
    .regex(NAME, "write lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit")
    .describe('Unique among the objects of its kind.'),
})

/** One object as written in a document. */
export interface WrittenObject<K extends PolicyKind = PolicyKind> {
  readonly apiVersion: string
  readonly kind: K
  readonly metadata: { readonly name: string }
  readonly spec: PolicySpecs[K]
}

interface ObjectSchema {
  readonly schema: z.ZodType<WrittenObject>
  readonly json: JsonSchema
}

function objectSchemaOf(kind: PolicyKind): ObjectSchema {
  const { spec } = policyKinds[kind]
  const schema = z.strictObject({ apiVersion: z.literal(API_VERSION), kind: z.literal(kind), metadata, spec })
  return { schema: schema as unknown as z.ZodType<WrittenObject>, json: toJsonSchema(schema) }
}

/** Schema of each kind's whole object, for validation and, as JSON Schema, for editors and the reference. */
export const objectSchemas: ReadonlyMap<string, ObjectSchema> = new Map(policyKindNames.map((kind) => [kind, objectSchemaOf(kind)]))

/** Default of each key of a kind's spec, where it has one. */
export function defaultsOf(kind: PolicyKind): ReadonlyMap<string, unknown> {
  const properties = objectSchemas.get(kind)?.json.properties?.['spec']?.properties ?? {}
  return new Map(Object.entries(properties).flatMap(([key, node]) => (node.default === undefined ? [] : [[key, node.default]])))
}
