import { errorsOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatChanges, formatProblems, hasErrors } from '../output/format-changes.ts'
import { diffPolicyFiles } from './policy-calls.ts'
import { readPolicyFiles } from './policy-files.ts'
import { readRevision } from './revision-option.ts'

const cliError = errorsOf(cliCodes)

export const diffCommand: Command = {
  name: 'diff',
  summary: 'Show what differs between two revisions, or files and a revision',
  description:
    'Compares revision FROM with revision TO (the one in force when not given), or with files. Nothing is changed. Exit code 0: no difference, 1: some.',
  options: [
    {
      name: 'file',
      short: 'f',
      value: 'PATH',
      isMany: true,
      description: 'Compare with files, folders of .yaml files, or - for standard input.',
    },
    { name: 'prune', description: 'The files are the whole policy: what they do not name counts as removed.' },
    ...connectOptions,
  ],
  positionals: [
    { name: 'FROM', description: 'Revision; with --file the one in force when not given.' },
    { name: 'TO', description: 'Revision. Default: the one in force.' },
  ],
  examples: [
    { command: 'gatehouse diff 11 12', explanation: 'what revision 12 changed' },
    { command: 'gatehouse diff 11', explanation: 'what changed since revision 11' },
    { command: 'gatehouse diff -f policy/ --prune', explanation: 'how the files differ from what is in force' },
  ],
  run: async (call) => {
    const files = await readPolicyFiles(call, call.texts('file'))
    const [from, to] = call.positionals
    if (files.length === 0 && from === undefined) throw cliError('GH-CLI-USAGE', 'FROM or -f is needed.')
    if (files.length > 0 && to !== undefined) throw cliError('GH-CLI-USAGE', 'TO and -f exclude each other.')
    const response = await withGateway(call, (connection) =>
      diffPolicyFiles(
        call,
        connection,
        { fromRevision: readRevision(from ?? '0', 'FROM'), toRevision: readRevision(to ?? '0', 'TO'), prune: call.flag('prune') },
        files,
      ),
    )
    const { style } = call.out
    call.out.result(response, () => {
      const text = formatProblems(response.problems, style) + formatChanges(response.changes, response.changeCount, style)
      return text === '' ? 'no difference\n' : text
    })
    if (hasErrors(response.problems)) return exitCodes.problems.code
    return response.changeCount === 0 ? exitCodes.ok.code : exitCodes.negative.code
  },
}
