import { errorsOf } from '@gatehouse/errors'
import { z } from 'zod'
import { configCodes } from './errors.ts'

const configError = errorsOf(configCodes)

/** The part of JSON Schema 2020-12 that `z.toJSONSchema` writes and this package reads. */
export interface JsonSchema {
  readonly $schema?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema | boolean
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly format?: string
}

/**
 * The schema of what may be written in the file (defaults still optional), for editors and Helm's `values.schema.json`.
 * Throws GH-CONFIG-SCHEMA when an object of the schema would drop unknown keys silently.
 */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  refuseLooseObjects(json, '')
  return json
}

function refuseLooseObjects(node: JsonSchema, path: string): void {
  if (node.properties !== undefined && node.additionalProperties === undefined) {
    throw configError('GH-CONFIG-SCHEMA', `At '${path === '' ? '(top)' : path}'.`)
  }
  for (const [key, child] of Object.entries(node.properties ?? {})) refuseLooseObjects(child, path === '' ? key : `${path}.${key}`)
  for (const child of branchesOf(node)) refuseLooseObjects(child, path)
  if (typeof node.items === 'object') refuseLooseObjects(node.items, `${path}[]`)
  if (typeof node.additionalProperties === 'object') refuseLooseObjects(node.additionalProperties, `${path}.<name>`)
}

/** Alternatives and parts of a schema, or none. */
export function branchesOf(node: JsonSchema): readonly JsonSchema[] {
  return [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]
}

/** Names that may stand in the map at `path`; all branches of a union taken together. */
export function keysAt(root: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  let nodes = flatten(root)
  for (const step of path) {
    nodes = nodes.flatMap((node) => {
      if (typeof step === 'number') return typeof node.items === 'object' ? flatten(node.items) : []
      const property = node.properties?.[String(step)]
      if (property !== undefined) return flatten(property)
      return typeof node.additionalProperties === 'object' ? flatten(node.additionalProperties) : []
    })
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

function flatten(node: JsonSchema): JsonSchema[] {
  return [node, ...branchesOf(node).flatMap(flatten)]
}
