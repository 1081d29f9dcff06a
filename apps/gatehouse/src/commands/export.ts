import { errorsOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { exportPolicyText } from './policy-calls.ts'

const cliError = errorsOf(cliCodes)

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write the policy in force as one document',
  description: 'Writes the policy document of a revision in the form that "gatehouse apply" takes. Secrets are never part of it.',
  options: [{ name: 'revision', value: 'N', description: 'An older revision; see "gatehouse history".' }, ...connectOptions],
  examples: [
    { command: 'gatehouse export > policy.yaml', explanation: 'save what is in force' },
    { command: 'gatehouse export --revision 3', explanation: 'what was in force then' },
  ],
  run: async (call) => {
    const revision = call.text('revision') ?? '0'
    if (!/^\d{1,18}$/.test(revision)) throw cliError('GH-CLI-USAGE', '--revision is a number.')
    const response = await withGateway(call, (connection) => exportPolicyText(call, connection, BigInt(revision)))
    call.out.result(response, () => (response.text.endsWith('\n') ? response.text : `${response.text}\n`))
    return exitCodes.ok.code
  },
}
