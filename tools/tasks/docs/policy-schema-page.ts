import { loadModules } from './load-modules.ts'

/** JSON Schema of the policy document for editors, from the schemas that `gatehouse apply` validates with. */
export async function policySchemaPage(): Promise<string> {
  const modules = await loadModules((path) => path === 'packages/policy-document/src/editor-schema.ts')
  const make = modules[0]?.exports['editorSchema'] as () => unknown
  return JSON.stringify(make(), null, 2)
}
