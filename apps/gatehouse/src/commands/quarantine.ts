import { errorsOf } from '@gatehouse/errors'
import { FactsService, type QuarantineEntry } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'
import { formatTable } from '../output/table.ts'

const cliError = errorsOf(cliCodes)

export const quarantineListCommand: Command = {
  name: 'quarantine list',
  summary: 'List first contacts that were held',
  description:
    'Lists unverified strangers whose first message was held (UserSettings.firstContact: hold): whom they wrote to, through which partner, how often. The messages are in the archive; the senders were told that the user does not exist.',
  options: [
    { name: 'user', value: 'ADDRESS', description: 'Only messages to this user.' },
    { name: 'limit', value: 'N', description: 'At most this many. Default 100.' },
    ...connectOptions,
  ],
  examples: [{ command: 'gatehouse quarantine list --user alice@contoso.example', explanation: 'who tried to reach Alice' }],
  run: async (call) => {
    const limit = Number(call.text('limit') ?? 100)
    if (!Number.isInteger(limit) || limit < 1) throw cliError('GH-CLI-USAGE', '--limit is a whole number from 1.')
    const request = { user: call.text('user') ?? '', limit }
    const response = await withGateway(call, (connection) => connection.client(FactsService).listQuarantine(request))
    call.out.result(response, () => {
      const full = response.fullPartners.map((partner) => `${call.out.style.warn('budget used up')}: ${printable(partner)}\n`).join('')
      return table(response.entries, call.out.style) + full
    })
    return exitCodes.ok.code
  },
}

export const quarantineReleaseCommand: Command = {
  name: 'quarantine release',
  summary: 'Let a held first contact through from now on',
  description:
    'Makes the sender a contact of the recipient, so that the next message passes. The held message itself is not delivered: its sender was told that it was not.',
  positionals: [{ name: 'ID', description: 'Number of the entry in "quarantine list".', isRequired: true, isMany: true }],
  options: [...connectOptions],
  examples: [{ command: 'gatehouse quarantine release 17 18', explanation: 'two strangers are welcome' }],
  run: async (call) => {
    const wrong = call.positionals.find((id) => !/^\d{1,15}$/.test(id))
    if (wrong !== undefined) throw cliError('GH-CLI-USAGE', `'${wrong}' is no number of an entry.`)
    const request = { ids: call.positionals.map(BigInt), author: call.io.userName }
    const response = await withGateway(call, (connection) => connection.client(FactsService).releaseQuarantine(request))
    call.out.result(response, () => {
      const released = response.released.map(({ user, contact }) => `released: ${printable(contact)} may write to ${printable(user)}\n`)
      const unknown = response.unknown.map((id) => `${call.out.style.bad('unknown')}: ${id}\n`)
      return [...released, ...unknown].join('')
    })
    return response.unknown.length === 0 ? exitCodes.ok.code : exitCodes.negative.code
  },
}

function table(entries: readonly QuarantineEntry[], style: Style): string {
  return formatTable(
    ['ID', 'FROM', 'TO', 'PARTNER', 'MESSAGES', 'FIRST', 'LAST'],
    entries.map((entry) => [
      entry.id,
      entry.contact,
      entry.user,
      entry.partner,
      entry.messages,
      timeOfUs(entry.firstMs * 1000n),
      timeOfUs(entry.lastMs * 1000n),
    ]),
    style,
  )
}
