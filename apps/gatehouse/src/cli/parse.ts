import { parseArgs } from 'node:util'
import { closestName } from '@gatehouse/config'
import { errorsOf, type GatewayError, messageOf } from '@gatehouse/errors'
import { cliCodes } from '../errors.ts'
import type { Command, OptionSpec } from './command.ts'
import { commonOptions } from './command.ts'

const cliError = errorsOf(cliCodes)

export interface ParsedLine {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly positionals: readonly string[]
}

/** The command whose name the first words are (longest wins), and the words after it. */
export function findCommand(
  commands: readonly Command[],
  words: readonly string[],
): { command: Command; rest: readonly string[] } | undefined {
  for (const length of [3, 2, 1]) {
    const name = words.slice(0, length).join(' ')
    const command = words.length >= length ? commands.find((candidate) => candidate.name === name) : undefined
    if (command !== undefined) return { command, rest: words.slice(length) }
  }
  return undefined
}

/** A complaint about words that are no command, with what was likely meant. */
export function unknownCommand(commands: readonly Command[], words: readonly string[]): GatewayError {
  const names = commands.map((command) => command.name)
  const group = names.filter((name) => name.startsWith(`${words[0] ?? ''} `))
  if (group.length > 0)
    return cliError('GH-CLI-USAGE', `'${words[0]}' needs one of: ${[...new Set(group.map((name) => name.split(' ')[1]))].join(', ')}.`)
  const near = closestName(words.slice(0, 2).join(' '), names) ?? closestName(words[0] ?? '', names)
  return cliError('GH-CLI-USAGE', `There is no command '${words[0] ?? ''}'${near === undefined ? '.' : `; did you mean '${near}'?`}`)
}

/** Checks `args` against the command's table. Throws GH-CLI-USAGE naming the word that is wrong. */
export function parseLine(command: Command, args: readonly string[]): ParsedLine {
  const specs = [...command.options, ...commonOptions]
  let parsed: { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options: optionsFor(specs), allowPositionals: true, strict: true })
  } catch (thrown) {
    throw explainParseFailure(command, specs, args, thrown)
  }
  const { values, positionals } = parsed
  if (values['help'] === true) return { values: values as ParsedLine['values'], positionals }
  for (const spec of specs) {
    if (spec.isRequired === true && values[spec.name] === undefined) {
      throw cliError('GH-CLI-USAGE', `gatehouse ${command.name} needs --${spec.name}.`)
    }
  }
  const wanted = command.positionals ?? []
  const required = wanted.filter((spec) => spec.isRequired === true)
  if (positionals.length < required.length) {
    throw cliError('GH-CLI-USAGE', `gatehouse ${command.name} needs ${required.map((spec) => spec.name).join(' ')}.`)
  }
  const isOpen = wanted.some((spec) => spec.isMany === true)
  if (!isOpen && positionals.length > wanted.length) {
    throw cliError('GH-CLI-USAGE', `gatehouse ${command.name}: '${positionals[wanted.length]}' is too much.`)
  }
  return { values: values as ParsedLine['values'], positionals }
}

function optionsFor(specs: readonly OptionSpec[]): Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> {
  return Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      {
        type: spec.value === undefined ? ('boolean' as const) : ('string' as const),
        ...(spec.short === undefined ? {} : { short: spec.short }),
        ...(spec.isMany === true ? { multiple: true } : {}),
      },
    ]),
  )
}

function explainParseFailure(command: Command, specs: readonly OptionSpec[], args: readonly string[], thrown: unknown): GatewayError {
  const isUnknown = (thrown as { code?: string }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
  const known = specs.map((spec) => spec.name)
  const typed = args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]).find((name) => name !== undefined && !known.includes(name))
  if (isUnknown && typed !== undefined) {
    const near = closestName(typed, known)
    return cliError('GH-CLI-USAGE', `gatehouse ${command.name} has no --${typed}${near === undefined ? '.' : `; did you mean --${near}?`}`)
  }
  return cliError('GH-CLI-USAGE', (messageOf(thrown).split('\n')[0] ?? '').replace(/\. To specify.*$/, '.'))
}
