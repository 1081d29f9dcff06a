import { PolicyDecisionService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { timeOfUs } from '../output/format-time.ts'
import { formatTable } from '../output/table.ts'
import { timeOption } from './time-option.ts'

const LONGEST_MS = 86_400_000
const DEFAULT_AGE_MS = 30 * 86_400_000

export const policyObservedCommand: Command = {
  name: 'policy observed',
  summary: 'Show what objects in mode observe would have refused',
  description:
    'Counts, in the archive, what objects with `mode: observe` would have refused had they been enforced, by object, code and partner. Only what is archived is counted: messages and sessions, no presence.',
  options: [
    { name: 'since', value: 'TIME', description: 'ISO 8601 time, or an age such as 12h, 7d. Default 30d.' },
    { name: 'until', value: 'TIME', description: 'The same. Default: now.' },
    ...connectOptions,
  ],
  examples: [{ command: 'gatehouse policy observed --since 7d', explanation: 'a week of a block entry that is on trial' }],
  run: async (call) => {
    const since = timeOption(call, 'since')
    const sinceUs = since === 0n ? BigInt(Math.trunc(Math.max(0, call.io.nowMs() - DEFAULT_AGE_MS))) * 1_000n : since
    const request = { sinceUs, untilUs: timeOption(call, 'until') }
    const response = await withGateway(call, (connection) =>
      connection.client(PolicyDecisionService).observed(request, { deadlineMs: LONGEST_MS, signal: call.io.stop }),
    )
    call.out.result(response, () => {
      const rows = response.counts.map((count) => [
        count.object,
        count.code,
        count.partner,
        count.messages,
        timeOfUs(count.lastUs),
        Buffer.from(count.exampleId).toString('hex'),
      ])
      const table = formatTable(['POLICY OBJECT', 'CODE', 'PARTNER', 'MESSAGES', 'LAST', 'EXAMPLE'], rows, call.out.style)
      return `${table}${call.out.style.dim(`of ${response.messages} archived messages`)}\n`
    })
    return exitCodes.ok.code
  },
}
