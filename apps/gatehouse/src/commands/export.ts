import { errorsOf } from '@gatehouse/errors'
import { exportCustomResources, parsePolicy } from '@gatehouse/policy-document'
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
  options: [
    { name: 'revision', value: 'N', description: 'An older revision; see "gatehouse history".' },
    { name: 'kubernetes', description: 'As custom resources for kubectl, with the definitions of the chart installed.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse export > policy.yaml', explanation: 'save what is in force' },
    { command: 'gatehouse export --revision 3', explanation: 'what was in force then' },
    { command: 'gatehouse export --kubernetes | kubectl apply -n gatehouse -f -', explanation: 'hand the policy over to a cluster' },
  ],
  run: async (call) => {
    const revision = call.text('revision') ?? '0'
    if (!/^\d{1,18}$/.test(revision)) throw cliError('GH-CLI-USAGE', '--revision is a number.')
    const asWritten = await withGateway(call, (connection) => exportPolicyText(call, connection, BigInt(revision)))
    const response = call.flag('kubernetes') ? { ...asWritten, text: asCustomResources(asWritten.text, call.io.nowMs()) } : asWritten
    call.out.result(response, () => (response.text.endsWith('\n') ? response.text : `${response.text}\n`))
    return exitCodes.ok.code
  },
}

/** What was valid when it was applied may have expired entries, and warnings, but reads as it did. */
function asCustomResources(text: string, nowMs: number): string {
  return exportCustomResources(parsePolicy([{ name: 'export', text }], { nowMs }).objects)
}
