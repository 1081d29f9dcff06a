import { loadModules } from './load-modules.ts'

/** What the chart reads, seen from docs/reference. */
const FOLDER = '../../charts/gatehouse/files'

/** By path: the custom resource definitions of all kinds, from the schemas that `gatehouse apply` validates with, and how kinds are called. */
export async function customResourcePages(): Promise<Readonly<Record<string, () => Promise<string>>>> {
  const modules = await loadModules((path) => path === 'packages/policy-document/src/kubernetes/custom-resources.ts')
  const exported = modules[0]?.exports
  const files = exported?.['customResourceFiles'] as () => ReadonlyMap<string, string>
  const kinds = exported?.['kindTable'] as () => string
  return Object.fromEntries([
    ...[...files()].map(([name, text]) => [`${FOLDER}/crds/${name}`, async () => text]),
    [`${FOLDER}/policy-kinds.yaml`, async () => kinds()],
  ])
}
