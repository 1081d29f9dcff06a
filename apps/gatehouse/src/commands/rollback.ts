import { errorsOf } from '@gatehouse/errors'
import { PolicyAdminService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatOutcome } from '../output/format-changes.ts'
import { readRevision, revisionOption } from './revision-option.ts'

const cliError = errorsOf(cliCodes)

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'Go back to an older revision',
  description: 'Makes a new revision that is equal to an old one. The history stays whole, so a rollback can be rolled back too.',
  options: [
    { name: 'dry-run', description: 'Show the changes, make none.' },
    { name: 'reason', value: 'TEXT', description: 'Why; kept in the history. Default: back to revision N.' },
    { name: 'expected-revision', value: 'N', description: 'Refuse unless this revision is in force.' },
    ...connectOptions,
  ],
  positionals: [{ name: 'REVISION', description: 'The revision to go back to; see "gatehouse history".', isRequired: true }],
  examples: [{ command: 'gatehouse rollback 11 --reason "incident 4712"', explanation: 'what revision 11 said is in force again' }],
  run: async (call) => {
    const toRevision = readRevision(call.positionals[0] ?? '', 'REVISION')
    if (toRevision === 0n) throw cliError('GH-CLI-USAGE', 'REVISION is a number from 1.')
    const response = await withGateway(call, (connection) =>
      connection.client(PolicyAdminService).rollback({
        toRevision,
        author: call.io.userName,
        reason: call.text('reason') ?? '',
        dryRun: call.flag('dry-run'),
        expectedRevision: revisionOption(call, 'expected-revision'),
      }),
    )
    const { outcome } = response
    call.out.result(outcome ?? response, () => (outcome === undefined ? '' : formatOutcome(outcome, call.flag('dry-run'), call.out.style)))
    return exitCodes.ok.code
  },
}
