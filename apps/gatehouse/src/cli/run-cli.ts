import { GatewayError, messageOf } from '@gatehouse/errors'
import { Output, toJson } from '../output/output.ts'
import { chooseStyle, printable } from '../output/style.ts'
import type { Call, Command } from './command.ts'
import type { ExitCode } from './exit-codes.ts'
import { exitCodes } from './exit-codes.ts'
import { commandHelp, overviewHelp } from './help.ts'
import type { Io } from './io.ts'
import { findCommand, parseLine, unknownCommand } from './parse.ts'

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
  const error = thrown instanceof GatewayError ? thrown : undefined
  const code = error?.code ?? 'GH-CLI-INTERNAL'
  if (isJson) {
    io.err.write(
      `${toJson({ error: { code, message: messageOf(thrown), remedy: error?.remedy ?? '', retry: error?.retry ?? 'never' } })}\n`,
    )
  } else {
    io.err.write(`${style.bad('error')}: ${printable(messageOf(thrown))} ${style.dim(`(${code})`)}\n`)
    if (error !== undefined && error.remedy !== '') io.err.write(`${style.dim('what to do')}: ${printable(error.remedy)}\n`)
    else if (error === undefined && thrown instanceof Error) io.err.write(`${style.dim(thrown.stack ?? '')}\n`)
  }
  return exitCodeOf(code)
}

function exitCodeOf(code: string): ExitCode {
  if (code === 'GH-CLI-USAGE' || code === 'GH-RPC-ADDRESS') return exitCodes.usage.code
  if (code === 'GH-CLI-NO-GATEWAY' || code === 'GH-RPC-UNREACHABLE' || code === 'GH-RPC-DEADLINE') return exitCodes.unreachable.code
  if (code === 'GH-CLI-CONFIG' || code.startsWith('GH-CONFIG-') || code.startsWith('GH-POLICY-DOC')) return exitCodes.problems.code
  return exitCodes.failed.code
}
