import { loadModules, markdownTable } from './load-modules.ts'

interface SchemaRow {
  readonly path: string
  readonly type: string
  readonly default: string | undefined
  readonly isRequired: boolean
  readonly description: string
}

/** The key table of one zod schema, by the same description that `gatehouse` uses in its error messages. */
export async function schemaTable(schema: unknown): Promise<string> {
  const [module] = await loadModules((path) => path === 'packages/config/src/describe-schema.ts')
  const describe = module?.exports['describeSchema'] as (schema: unknown) => readonly SchemaRow[]
  const rows = describe(schema).map((row) => [
    `\`${row.path}\``,
    row.type,
    row.default === undefined ? (row.isRequired ? '*required*' : '') : `\`${row.default}\``,
    row.description,
  ])
  return markdownTable(['key', 'type', 'default', 'meaning'], rows)
}

/** True for what zod makes; every zod schema has a `safeParse`. */
export function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { safeParse?: unknown }).safeParse === 'function'
}
