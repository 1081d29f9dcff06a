import type { Style } from '../output/style.ts'
import { widthOf } from '../output/table.ts'
import type { Command, OptionSpec } from './command.ts'
import { commonOptions } from './command.ts'
import { exitCodes } from './exit-codes.ts'

/** `gatehouse --help`. */
export function overviewHelp(commands: readonly Command[], style: Style): string {
  const lines = pairs(commands.map((command) => [command.name, command.summary]))
  const codes = pairs(Object.values(exitCodes).map((entry) => [String(entry.code), entry.meaning]))
  return [
    `${style.bold('gatehouse')}: the gate between your instant messaging and everyone else's\n`,
    `${style.dim('Usage')}\n  gatehouse COMMAND [OPTIONS]\n  gatehouse COMMAND --help\n`,
    `${style.dim('Commands')}\n${lines}`,
    `${style.dim('Exit codes')}\n${codes}`,
    `${style.dim('First steps')}\n  gatehouse demo    two organisations, a clearinghouse and a stranger on this machine, live\n`,
  ].join('\n')
}

/** `gatehouse COMMAND --help`. */
export function commandHelp(command: Command, style: Style): string {
  const positionals = (command.positionals ?? []).map((spec) => {
    const word = spec.isMany === true ? `${spec.name}...` : spec.name
    return spec.isRequired === true ? word : `[${word}]`
  })
  const required = command.options.filter((option) => option.isRequired === true).map((option) => `${optionWord(option)}`)
  const usage = ['gatehouse', command.name, ...positionals, ...required, '[OPTIONS]'].join(' ')
  const parts = [`${command.description}\n`, `${style.dim('Usage')}\n  ${usage}\n`]
  if (positionals.length > 0)
    parts.push(`${style.dim('Arguments')}\n${pairs((command.positionals ?? []).map((spec) => [spec.name, spec.description]))}`)
  parts.push(
    `${style.dim('Options')}\n${pairs([...command.options, ...commonOptions].map((option) => [optionLabel(option), option.description]))}`,
  )
  if (command.examples.length > 0) {
    const examples = command.examples.map((example) => `  ${style.dim(`# ${example.explanation}`)}\n  ${example.command}\n`)
    parts.push(`${style.dim('Examples')}\n${examples.join('\n')}`)
  }
  return parts.join('\n')
}

function optionWord(option: OptionSpec): string {
  return option.value === undefined ? `--${option.name}` : `--${option.name} ${option.value}`
}

function optionLabel(option: OptionSpec): string {
  const many = option.isMany === true ? ' (repeatable)' : ''
  return `${option.short === undefined ? '    ' : `-${option.short}, `}${optionWord(option)}${many}`
}

function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => widthOf(left)))
  return rows.map(([left, right]) => `  ${left}${' '.repeat(width - widthOf(left))}  ${right}\n`).join('')
}
