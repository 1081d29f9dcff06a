import { loadModules, titleOf } from './load-modules.ts'
import { isSchema, schemaTable } from './schema-section.ts'

/** Sections: each service's own file, then what `gatehouse up` takes. */
export async function configPage(): Promise<string> {
  const modules = await loadModules((path) => /^(services|apps)\/[^/]+\/src\/(.*\/)?([a-z-]+-)?config\.ts$/.test(path))
  const sections: string[] = []
  for (const each of modules) {
    for (const [name, value] of Object.entries(each.exports)) {
      if (!/Config(Schema)?$/.test(name) || !isSchema(value)) continue
      sections.push(`## ${titleOf(each.workspace)}\n\n\`${name}\` in \`${each.path}\`.\n\n${await schemaTable(value)}\n`)
    }
  }
  return `# Bootstrap configuration

YAML, one file per process, given by \`--config\`. It says where a process listens, which certificates it has and where it keeps its data; what may pass is said in the [policy document](policy-document.md). Unknown keys are errors, and all mistakes of a file are reported at once with their lines.

${sections.join('\n')}`
}
