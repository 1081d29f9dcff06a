import { formatProblem, loadConfig } from '@gatehouse/config'
import type { Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { printable } from '../output/style.ts'
import { readText } from '../read-text.ts'
import { gatehouseConfig } from '../up/gatehouse-config.ts'

export const configCheckCommand: Command = {
  name: 'config check',
  summary: 'Check a gatehouse.yaml without starting anything',
  description:
    'Reads a configuration file and reports every mistake at once, each with its line. Policy documents are checked with "gatehouse apply --dry-run".',
  positionals: [{ name: 'FILE', description: 'The configuration file.', isRequired: true }],
  options: [],
  examples: [{ command: 'gatehouse config check gatehouse.yaml', explanation: 'before a restart' }],
  run: async (call) => {
    const file = call.positionals[0] ?? ''
    const result = loadConfig(gatehouseConfig, readText(call.io.cwd, file), file)
    const problems = result.ok ? [] : result.problems
    call.out.result({ ok: result.ok, problems }, () =>
      result.ok
        ? `${call.out.style.good('ok')}  ${printable(file)}\n`
        : problems.map((problem) => `${printable(formatProblem(problem))}\n`).join(''),
    )
    return result.ok ? exitCodes.ok.code : exitCodes.problems.code
  },
}
