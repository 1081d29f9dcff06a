import { errorsOf } from '@gatehouse/errors'
import { ArchiveService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import { formatTable } from '../output/table.ts'
import { timeOption } from './time-option.ts'

const cliError = errorsOf(cliCodes)
const NAME = { name: 'NAME', isRequired: true, description: 'Name of the hold, such as a case number.' } as const

function nameOf(call: Call): string {
  const name = call.positionals[0]
  if (name === undefined) throw cliError('GH-CLI-USAGE', 'NAME is missing.')
  return name
}

export const archiveHoldAddCommand: Command = {
  name: 'archive hold add',
  summary: 'Keep messages from being erased or from expiring',
  description: 'Protects every message that matches all that is given. A hold beats erasure and retention until it is released. Recorded.',
  options: [
    { name: 'user', value: 'ADDRESS', description: 'Sender or recipient.' },
    { name: 'conversation', value: 'ID', description: 'SIP Call-ID.' },
    { name: 'domain', value: 'DOMAIN', description: 'Domain of either side.' },
    { name: 'since', value: 'TIME', description: 'Received from then on; ISO 8601 time, or an age such as 12h, 7d.' },
    { name: 'until', value: 'TIME', description: 'Received before.' },
    { name: 'reason', value: 'TEXT', isRequired: true, description: 'Why; recorded.' },
    ...connectOptions,
  ],
  positionals: [NAME],
  examples: [
    { command: 'gatehouse archive hold add case-12 --domain fabrikam.example --reason "court order"', explanation: 'one partner' },
  ],
  run: async (call) => {
    const hold = {
      name: nameOf(call),
      user: call.text('user') ?? '',
      conversation: call.text('conversation') ?? '',
      domain: call.text('domain') ?? '',
      sinceUs: timeOption(call, 'since'),
      untilUs: timeOption(call, 'until'),
      reason: call.text('reason') ?? '',
    }
    await withGateway(call, (connection) => connection.client(ArchiveService).addHold({ hold }))
    call.out.result({ name: hold.name }, () => `hold ${hold.name} is set\n`)
    return exitCodes.ok.code
  },
}

export const archiveHoldListCommand: Command = {
  name: 'archive hold list',
  summary: 'Show the legal holds',
  description: 'Shows what is protected from erasure and expiry, since when and why.',
  options: connectOptions,
  examples: [{ command: 'gatehouse archive hold list', explanation: 'all holds' }],
  run: async (call) => {
    const { holds } = await withGateway(call, (connection) => connection.client(ArchiveService).listHolds({}))
    const time = (us: bigint): string => (us === 0n ? '' : timeOfUs(us))
    const rows = holds.map(({ name, user, conversation, domain, sinceUs, untilUs, reason, addedBy, addedAtUs }) => ({
      ...{ name, user, conversation, domain, since: time(sinceUs), until: time(untilUs) },
      ...{ reason, addedBy, addedAt: time(addedAtUs) },
    }))
    const headers = ['NAME', 'USER', 'CONVERSATION', 'DOMAIN', 'SINCE', 'UNTIL', 'REASON', 'BY', 'AT']
    call.out.result({ holds: rows }, () =>
      formatTable(
        headers,
        rows.map((row) => Object.values(row)),
        call.out.style,
      ),
    )
    return exitCodes.ok.code
  },
}

export const archiveHoldReleaseCommand: Command = {
  name: 'archive hold release',
  summary: 'End a legal hold',
  description: 'What it alone protected may be erased and expires at the next sweep. Recorded.',
  options: [{ name: 'reason', value: 'TEXT', isRequired: true, description: 'Why; recorded.' }, ...connectOptions],
  positionals: [NAME],
  examples: [{ command: 'gatehouse archive hold release case-12 --reason "case closed"', explanation: 'end it' }],
  run: async (call) => {
    const request = { name: nameOf(call), reason: call.text('reason') ?? '' }
    await withGateway(call, (connection) => connection.client(ArchiveService).releaseHold(request))
    call.out.result({ name: request.name }, () => `hold ${request.name} is released\n`)
    return exitCodes.ok.code
  },
}
