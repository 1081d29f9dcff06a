import { z } from 'zod'
import type { ConfigSection } from './config-section.ts'
import { chartValues } from './values.ts'

/** The part of JSON Schema that this task reads and writes. */
export interface Schema {
  $schema?: string
  title?: string
  type?: string | readonly string[]
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: readonly string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  minimum?: number
  maximum?: number
  configOf?: ConfigSection
  [key: string]: unknown
}

/** Draft 7: what every Helm that is still in use reads. */
const DRAFT = 'http://json-schema.org/draft-07/schema#'

/** Schema of all values, each `config` still a marked map. */
export function plainValuesSchema(): Schema {
  return jsonSchemaOf(chartValues)
}

/** `values.schema.json`: each `config` judged by the schema that the service itself reads its file with, less what the chart fills in. */
export function valuesSchema(configs: Readonly<Record<ConfigSection, z.ZodType>>): Schema {
  const schema = plainValuesSchema()
  const sections = Object.fromEntries(Object.entries(configs).map(([name, config]) => [name, partial(jsonSchemaOf(config))]))
  return { $schema: DRAFT, title: 'Values of the chart gatehouse', ...(withSections(schema, sections) as Schema) }
}

function jsonSchemaOf(schema: z.ZodType): Schema {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as Schema
  return rest
}

/** Nothing is required: the chart fills in what values do not say, and `config check` has the last word. Defaults say nothing to Helm. */
function partial(node: Schema): Schema {
  const { required: _required, default: _default, ...rest } = node
  return mapBelow(rest, partial)
}

function withSections(node: Schema, sections: Record<string, Schema>): Schema {
  const { configOf, default: _default, ...rest } = node
  if (configOf !== undefined) return { ...sections[configOf], description: node.description ?? '' }
  return mapBelow(rest, (child) => withSections(child, sections))
}

function mapBelow(node: Schema, change: (child: Schema) => Schema): Schema {
  const copy: Schema = { ...node }
  if (node.properties !== undefined) {
    copy.properties = Object.fromEntries(Object.entries(node.properties).map(([key, child]) => [key, change(child)]))
  }
  if (typeof node.additionalProperties === 'object') copy.additionalProperties = change(node.additionalProperties)
  if (node.items !== undefined) copy.items = change(node.items)
  for (const word of ['anyOf', 'oneOf', 'allOf'] as const) {
    const branches = node[word]
    if (branches !== undefined) copy[word] = branches.map(change)
  }
  return copy
}
