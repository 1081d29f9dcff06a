import { loadModules, markdownTable } from './load-modules.ts'

interface LcsClass {
  readonly name: string
  readonly level: string
  readonly properties: readonly { readonly name: string; readonly place: string; readonly ours: string }[]
}

/** Every property of the old administrative model and where it is now, from the table that the importer runs on. */
export async function lcsMappingPage(): Promise<string> {
  const [module] = await loadModules((path) => path === 'packages/lcs-parity/src/lcs-properties.ts')
  const classes = module?.exports['lcsClasses'] as readonly LcsClass[]
  const sections = classes.map(({ name, level, properties }) => {
    const rows = properties.map((property) => [`\`${property.name}\``, property.place, property.ours])
    return `## ${name}\n\nLevel: ${level}.\n\n${markdownTable(['property', 'where it is', 'ours'], rows)}\n`
  })
  return `# From Live Communications Server

Every setting of an LCS 2005 SP1 Access Proxy and of its users, and where it is here. \`gatehouse import-lcs FILE.xml\` takes over what is in the policy and
names the rest; \`gatehouse export-lcs\` writes the same form.

- **policy**: part of the policy document, imported and exported.
- **bootstrap**: belongs to \`gatehouse.yaml\`; the importer says which line to write.
- **fixed**: always done so.
- **absent**: nothing like it, on purpose.

${sections.join('\n')}`
}
