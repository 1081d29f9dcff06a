import { isRecord, loadModules } from './load-modules.ts'
import { isSchema, schemaTable } from './schema-section.ts'

/** One section per kind, from the schemas that `gatehouse apply` validates with. */
export async function policyDocumentPage(): Promise<string> {
  const modules = await loadModules((path) => path.startsWith('packages/policy-document/src/'))
  const table = modules.map((each) => each.exports['policyKinds']).find(isRecord) ?? {}
  const sections: string[] = []
  for (const [kind, definition] of Object.entries(table)) {
    if (!isRecord(definition) || !isSchema(definition['spec'])) throw new Error(`policyKinds.${kind} has no spec schema`)
    const once = definition['isSingleton'] === true ? ' There is at most one.' : ''
    sections.push(`## ${kind}\n\n${String(definition['summary'])}${once}\n\n${await schemaTable(definition['spec'])}\n`)
  }
  return `# Policy document

What may pass, for whom, from whom. One or more YAML documents, applied with \`gatehouse apply -f FILE\`, read back with \`gatehouse export\`. An empty document lets nothing through.

${sections.join('\n')}`
}
