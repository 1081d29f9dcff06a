import { errorsOf, GatewayError, messageOf } from '@gatehouse/errors'
import { cliCodes } from '../errors.ts'
import { Output, toJson } from '../output/output.ts'
import { chooseStyle, printable } from '../output/style.ts'
import type { Call, Command } from './command.ts'
import type { ExitCode } from './exit-codes.ts'
import { exitCodes } from './exit-codes.ts'
import { commandHelp, overviewHelp } from './help.ts'
import type { Io } from './io.ts'
import { findCommand, parseLine, unknownCommand } from './parse.ts'

const cliError = errorsOf(cliCodes)

/** Runs one command line to its exit code. Never throws: what goes wrong is written to `io.err`. */
export async function runCli(commands: readonly Command[], args: readonly string[], io: Io): Promise<ExitCode> {
  const style = chooseStyle(io.isTerminal, io.env)
  const words = args.filter((arg) => !arg.startsWith('-') || arg === '-')
  const isHelp = args.includes('--help') || args.includes('-h')
  if (args.length === 0 || (isHelp && words.length === 0) || words[0] === 'help') {
    const asked = words[0] === 'help' ? findCommand(commands, words.slice(1)) : undefined
    io.out.write(asked === undefined ? overviewHelp(commands, style) : commandHelp(asked.command, style))
    return args.length === 0 ? exitCodes.usage.code : exitCodes.ok.code
  }
  const isJson = args.includes('--json')
  try {
    const found = findCommand(commands, args[0] === '--version' ? ['version'] : args)
    if (found === undefined) throw unknownCommand(commands, words)
    const { values, positionals } = parseLine(found.command, found.rest)
    if (values['help'] === true) {
      io.out.write(commandHelp(found.command, style))
      return exitCodes.ok.code
    }
    const call: Call = {
      io,
      out: new Output((text) => io.out.write(text), isJson, style),
      positionals,
      text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
      texts: (option) => (Array.isArray(values[option]) ? (values[option] as readonly string[]) : []),
      flag: (option) => values[option] === true,
    }
    return await found.command.run(call)
  } catch (thrown) {
    return reportFailure(thrown, isJson, io)
  }
}

function reportFailure(thrown: unknown, isJson: boolean, io: Io): ExitCode {
  const style = chooseStyle(io.isErrorTerminal, io.env)
  const error = thrown instanceof GatewayError ? thrown : cliError('GH-CLI-INTERNAL', messageOf(thrown), { cause: thrown })
  const { code, message, remedy, retry } = error
  if (isJson) {
    io.err.write(`${toJson({ error: { code, message, remedy, retry } })}\n`)
    return exitCodeOf(code)
  }
  if (error !== thrown && thrown instanceof Error) io.err.write(`${style.dim(printableLines(thrown.stack ?? ''))}\n`)
  io.err.write(`${style.bad('error')}: ${printable(message)} ${style.dim(`(${code})`)}\n`)
  if (remedy !== '') io.err.write(`${style.dim('what to do')}: ${printable(remedy)}\n`)
  return exitCodeOf(code)
}

function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
}

/** Codes with an exit code of their own; every other failure is `failed`. */
const EXIT_CODES: Readonly<Record<string, ExitCode>> = {
  'GH-CLI-USAGE': exitCodes.usage.code,
  'GH-RPC-ADDRESS': exitCodes.usage.code,
  'GH-REVISION-QUESTION': exitCodes.usage.code,
  'GH-CLI-NO-GATEWAY': exitCodes.unreachable.code,
  'GH-RPC-UNREACHABLE': exitCodes.unreachable.code,
  'GH-RPC-DEADLINE': exitCodes.unreachable.code,
  'GH-CLI-CONFIG': exitCodes.problems.code,
  'GH-LCS-XML': exitCodes.problems.code,
  'GH-LCS-EMPTY': exitCodes.problems.code,
  'GH-REVISION-CONFLICT': exitCodes.problems.code,
  'GH-REVISION-FILES': exitCodes.problems.code,
  'GH-REVISION-PRESET': exitCodes.usage.code,
  'GH-REVISION-OBJECT': exitCodes.negative.code,
  'GH-ACCESS-UNKNOWN': exitCodes.negative.code,
  'GH-ACCESS-ROLE': exitCodes.negative.code,
  'GH-REVISION-UNKNOWN': exitCodes.negative.code,
  'GH-ARCHIVE-NOT-FOUND': exitCodes.negative.code,
}

function exitCodeOf(code: string): ExitCode {
  return EXIT_CODES[code] ?? exitCodes.failed.code
}
