import { errorsOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatOutcome, hasErrors } from '../output/format-changes.ts'
import { applyPolicy } from './policy-calls.ts'
import { readPolicyFiles } from './policy-files.ts'
import { revisionOption } from './revision-option.ts'

const cliError = errorsOf(cliCodes)

export const applyCommand: Command = {
  name: 'apply',
  summary: 'Bring the policy to what the files say',
  description:
    'Sends policy documents to the gateway, which checks all of them, makes one new revision and shows what changed. All or nothing: one mistake and nothing is applied. Files may be large: a hundred thousand objects go over in pieces.',
  options: [
    {
      name: 'file',
      short: 'f',
      value: 'PATH',
      isMany: true,
      description: 'File, folder of .yaml files, or - for standard input.',
    },
    { name: 'preset', value: 'NAME', description: 'Set the switches of FederationSettings: closed, partners-only or open.' },
    { name: 'dry-run', description: 'Check and show the changes, apply nothing.' },
    { name: 'prune', description: 'Also delete what is in force but not in the files.' },
    { name: 'reason', value: 'TEXT', description: 'Why; kept in the history.' },
    { name: 'expected-revision', value: 'N', description: 'Refuse unless this revision is in force.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse apply -f policy/ --dry-run', explanation: 'what would change' },
    { command: 'gatehouse apply --preset partners-only', explanation: 'let configured partners in, nobody else' },
    { command: 'gatehouse apply -f partners.yaml --reason "Fabrikam joins, ticket 4711"', explanation: 'apply one file' },
    { command: 'gatehouse export | gatehouse apply -f - --prune', explanation: 'a round trip changes nothing' },
  ],
  run: async (call) => {
    const preset = call.text('preset') ?? ''
    if (preset === '' && call.texts('file').length === 0) throw cliError('GH-CLI-USAGE', '-f or --preset is needed.')
    const expectedRevision = revisionOption(call, 'expected-revision')
    const files = await readPolicyFiles(call, call.texts('file'))
    const response = await withGateway(call, (connection) =>
      applyPolicy(
        call,
        connection,
        {
          author: call.io.userName,
          reason: call.text('reason') ?? '',
          dryRun: call.flag('dry-run'),
          prune: call.flag('prune'),
          expectedRevision,
          preset,
        },
        files,
      ),
    )
    call.out.result(response, () => formatOutcome(response, call.flag('dry-run'), call.out.style))
    return hasErrors(response.problems) ? exitCodes.problems.code : exitCodes.ok.code
  },
}
