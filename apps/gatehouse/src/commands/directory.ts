import { FactsService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { timeOfUs } from '../output/format-time.ts'
import { formatFacts } from '../output/table.ts'

export const directoryStatusCommand: Command = {
  name: 'directory status',
  summary: 'Say how the last pass over the directory went',
  description: 'Shows when users and groups were read from the directory, how many there are, and what went wrong.',
  options: [...connectOptions],
  examples: [{ command: 'gatehouse directory status --json | jq .problem', explanation: 'for monitoring' }],
  run: async (call) => {
    const status = await withGateway(call, (connection) => connection.client(FactsService).directoryStatus({}))
    const at = (ms: bigint): string => (ms === 0n ? 'never' : timeOfUs(ms * 1000n))
    call.out.result(status, () =>
      formatFacts(
        [
          ['state', status.configured ? { text: status.state, paint: status.problem === '' ? 'good' : 'bad' } : 'not configured'],
          ['last full pass', at(status.lastFullMs)],
          ['last pass', at(status.lastPassMs)],
          ['entries', `${status.users} users, ${status.groups} groups`],
          ['users known', status.storedUsers],
          ['problem', status.problem || 'none'],
        ],
        call.out.style,
      ),
    )
    return status.problem === '' ? exitCodes.ok.code : exitCodes.negative.code
  },
}

export const directorySyncCommand: Command = {
  name: 'directory sync',
  summary: 'Read the directory now',
  description: 'Asks for what changed since the last pass, or for everything. Waits until the pass has ended.',
  options: [
    { name: 'full', description: 'Read everything; only this removes users.' },
    { name: 'accept-drop', description: 'Read everything, and remove users even when they are more than the configuration allows.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse directory sync', explanation: 'somebody was just added' },
    { command: 'gatehouse directory sync --accept-drop --timeout 600', explanation: 'a department has really left' },
  ],
  run: async (call) => {
    const request = { full: call.flag('full'), acceptDrop: call.flag('accept-drop') }
    const outcome = await withGateway(call, (connection) => connection.client(FactsService).syncDirectory(request))
    call.out.result(outcome, () => {
      const what = outcome.full ? 'everything read' : 'changes read'
      return `${what}: ${outcome.users} users, ${outcome.groups} groups, ${outcome.removed} removed, ${outcome.skipped} left out\n`
    })
    return exitCodes.ok.code
  },
}
