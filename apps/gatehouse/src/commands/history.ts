import { errorsOf } from '@gatehouse/errors'
import { PolicyAdminService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import { formatTable } from '../output/table.ts'

const cliError = errorsOf(cliCodes)

export const historyCommand: Command = {
  name: 'history',
  summary: 'List policy revisions: who, when, why',
  description: 'Lists the revisions of the policy, newest first.',
  options: [{ name: 'limit', value: 'N', description: 'At most this many. Default 20.' }, ...connectOptions],
  examples: [{ command: 'gatehouse history --limit 5', explanation: 'the last five changes' }],
  run: async (call) => {
    const limit = Number(call.text('limit') ?? 20)
    if (!Number.isInteger(limit) || limit < 1) throw cliError('GH-CLI-USAGE', '--limit is a whole number from 1.')
    const response = await withGateway(call, (connection) => connection.client(PolicyAdminService).history({ limit }))
    call.out.result(response, () =>
      formatTable(
        ['REVISION', 'WHEN', 'WHO', 'CHANGES', 'WHY'],
        response.revisions.map((entry) => [entry.revision, timeOfUs(entry.atUs), entry.author, entry.changes, entry.reason]),
        call.out.style,
      ),
    )
    return exitCodes.ok.code
  },
}
