import { isRecord, loadModules } from './load-modules.ts'
import { isSchema, schemaTable } from './schema-section.ts'

/** One section per kind, from the schemas that `gatehouse apply` validates with. */
export async function policyDocumentPage(): Promise<string> {
  const modules = await loadModules((path) => path.startsWith('packages/policy-document/src/'))
  const kinds = new Map<string, unknown>()
  for (const each of modules) {
    for (const value of Object.values(each.exports)) {
      // The table kind → schema is the one export whose values are all schemas.
      if (!isRecord(value) || Object.keys(value).length < 2 || isSchema(value)) continue
      for (const [kind, entry] of Object.entries(value)) {
        const schema = isRecord(entry) && isSchema(entry['schema']) ? entry['schema'] : entry
        if (/^[A-Z]/.test(kind) && isSchema(schema)) kinds.set(kind, schema)
      }
    }
  }
  const sections: string[] = []
  for (const [kind, schema] of kinds) sections.push(`## ${kind}\n\n${await schemaTable(schema)}\n`)
  return `# Policy document

What may pass, for whom, from whom. One or more YAML documents, applied with \`gatehouse apply -f FILE\`, read back with \`gatehouse export\`. An empty document lets nothing through.

${sections.join('\n')}`
}
