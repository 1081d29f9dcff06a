import { isRecord, loadModules, markdownTable } from './load-modules.ts'

interface OptionSpec {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly isMany?: boolean
  readonly isRequired?: boolean
  readonly description: string
}

interface Command {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly options: readonly OptionSpec[]
  readonly positionals?: readonly {
    readonly name: string
    readonly description: string
    readonly isRequired?: boolean
    readonly isMany?: boolean
  }[]
  readonly examples: readonly { readonly command: string; readonly explanation: string }[]
}

export async function cliPage(): Promise<string> {
  const modules = await loadModules((path) => path.startsWith('apps/gatehouse/src/') && !path.endsWith('/main.ts'))
  const commands = new Map<string, Command>()
  let common: readonly OptionSpec[] = []
  let exits: Readonly<Record<string, { code: number; meaning: string }>> = {}
  for (const each of modules) {
    if (Array.isArray(each.exports['commonOptions'])) common = each.exports['commonOptions'] as OptionSpec[]
    if (isRecord(each.exports['exitCodes'])) exits = each.exports['exitCodes'] as typeof exits
    for (const value of Object.values(each.exports)) if (isCommand(value)) commands.set(value.name, value)
  }
  const sections = [...commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(commandSection)
  const codes = markdownTable(
    ['exit code', 'meaning'],
    Object.values(exits).map(({ code, meaning }) => [String(code), meaning]),
  )
  return `# Command line

From a clone: \`npm run gatehouse -- COMMAND …\`; \`npm start\` is \`gatehouse demo\`. \`gatehouse COMMAND --help\` says the same as this page.

Every command also takes: ${common.map((option) => `\`${optionWord(option)}\` (${option.description.replace(/\.$/, '')})`).join(', ')}.

${codes}

${sections.join('\n')}`
}

function commandSection(command: Command): string {
  const parts = [`## gatehouse ${command.name}\n`, `${command.description}\n`]
  if ((command.positionals ?? []).length > 0) {
    parts.push(
      `${markdownTable(
        ['argument', 'meaning'],
        (command.positionals ?? []).map((each) => [`\`${each.name}\``, each.description]),
      )}\n`,
    )
  }
  if (command.options.length > 0) {
    const rows = command.options.map((option) => [
      `\`${option.short === undefined ? '' : `-${option.short}, `}${optionWord(option)}\`${option.isRequired === true ? ' *required*' : ''}${option.isMany === true ? ' (repeatable)' : ''}`,
      option.description,
    ])
    parts.push(`${markdownTable(['option', 'meaning'], rows)}\n`)
  }
  for (const example of command.examples) parts.push(`${example.explanation}:\n\n\`\`\`sh\n${example.command}\n\`\`\`\n`)
  return parts.join('\n')
}

function optionWord(option: OptionSpec): string {
  return option.value === undefined ? `--${option.name}` : `--${option.name} ${option.value}`
}

function isCommand(value: unknown): value is Command {
  return isRecord(value) && typeof value['run'] === 'function' && typeof value['summary'] === 'string' && Array.isArray(value['options'])
}
