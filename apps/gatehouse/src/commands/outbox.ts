import { errorsOf } from '@gatehouse/errors'
import { type OutboxDestination, OutboxService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { ageOf, timeOfUs } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'
import type { Paint } from '../output/table.ts'
import { formatTable } from '../output/table.ts'

const cliError = errorsOf(cliCodes)
const MAX_SHOWN = 10_000

export const outboxListCommand: Command = {
  name: 'outbox list',
  summary: 'List destinations that messages wait for',
  description:
    'Lists what waits in the outbox, per destination: how many messages, how old the oldest is, whether the destination is away, why, and when it is tried next. With --messages, or for one destination, the messages too. No texts are shown.',
  positionals: [{ name: 'DESTINATION', description: 'Only this one, as listed.', isRequired: false }],
  options: [
    {
      name: 'messages',
      value: 'N',
      description: 'So many messages of each destination, the oldest first. Default: 0; with DESTINATION 100.',
    },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse outbox list', explanation: 'who is away, and what waits' },
    { command: 'gatehouse outbox list sip.fabrikam.example', explanation: 'the messages for one partner' },
  ],
  run: async (call) => {
    const [destination = ''] = call.positionals
    const messages = Number(call.text('messages') ?? (destination === '' ? 0 : 100))
    if (!Number.isInteger(messages) || messages < 0 || messages > MAX_SHOWN) {
      throw cliError('GH-CLI-USAGE', `--messages is a whole number up to ${MAX_SHOWN}.`)
    }
    const response = await withGateway(call, (connection) => connection.client(OutboxService).listOutbox({ destination, messages }))
    call.out.result(response, () => describe(response.destinations, call.io.nowMs(), call.out.style))
    return exitCodes.ok.code
  },
}

export const outboxRetryCommand: Command = {
  name: 'outbox retry',
  summary: 'Try destinations that are away at once',
  description: 'Ends the back-off of one destination, or of all: one message is tried at once, and the others follow when it gets through.',
  positionals: [{ name: 'DESTINATION', description: 'As "outbox list" names it; absent: all.', isRequired: false }],
  options: [...connectOptions],
  examples: [{ command: 'gatehouse outbox retry sip.fabrikam.example', explanation: 'the partner says that it is back' }],
  run: async (call) => {
    const [destination = ''] = call.positionals
    const response = await withGateway(call, (connection) => connection.client(OutboxService).retryOutbox({ destination }))
    call.out.result(response, () =>
      response.destinations.length === 0
        ? 'nothing waits\n'
        : response.destinations.map((name) => `tried now: ${printable(name)}\n`).join(''),
    )
    return response.destinations.length > 0 ? exitCodes.ok.code : exitCodes.negative.code
  },
}

export const outboxDropCommand: Command = {
  name: 'outbox drop',
  summary: 'Give waiting messages up; their senders are told',
  description:
    'Takes messages for one destination out of the outbox: those whose ids are given, or all with --all. The archive records that they were dropped, and their senders are told that they were not delivered. What is being delivered at this moment is left alone.',
  positionals: [
    { name: 'DESTINATION', description: 'As "outbox list" names it.', isRequired: true },
    { name: 'ID', description: 'As "outbox list DESTINATION" names it.', isRequired: false, isMany: true },
  ],
  options: [{ name: 'all', description: 'Every message for the destination.' }, ...connectOptions],
  examples: [{ command: 'gatehouse outbox drop sip.fabrikam.example --all', explanation: 'the partner will not come back' }],
  run: async (call) => {
    const [destination = '', ...ids] = call.positionals
    if (call.flag('all') !== (ids.length === 0)) throw cliError('GH-CLI-USAGE', 'Name the ids of messages, or --all.')
    const request = { destination, ids, author: call.io.userName }
    const response = await withGateway(call, (connection) => connection.client(OutboxService).dropOutbox(request))
    call.out.result(response, () => {
      const busy = response.busy === 0 ? '' : `, ${response.busy} left alone: being delivered`
      return `dropped: ${response.dropped}${busy}\n`
    })
    return response.dropped > 0 ? exitCodes.ok.code : exitCodes.negative.code
  },
}

const STATE_PAINT: Readonly<Record<string, Paint>> = { away: 'bad', delivering: 'good', waiting: 'dim' }

function describe(destinations: readonly OutboxDestination[], nowMs: number, style: Style): string {
  const table = formatTable(
    ['DESTINATION', 'PORT', 'WAITING', 'OLDEST', 'STATE', 'FAILURES', 'NEXT TRY', 'DETAIL'],
    destinations.map((each) => [
      each.destination,
      each.port,
      each.waiting,
      ageOf(nowMs - Number(each.oldestAtMs)),
      { text: each.state, paint: STATE_PAINT[each.state] ?? 'warn' },
      each.failures,
      each.nextAttemptAtMs === 0n ? '-' : `in ${ageOf(Math.max(0, Number(each.nextAttemptAtMs) - nowMs))}`,
      each.detail || '-',
    ]),
    style,
  )
  return table + destinations.map((each) => messagesOf(each, style)).join('')
}

function messagesOf({ destination, messages }: OutboxDestination, style: Style): string {
  if (messages.length === 0) return ''
  const rows = messages.map((message) => [
    message.id,
    message.fromAddress,
    message.toAddress,
    timeOfUs(message.acceptedAtMs * 1000n),
    timeOfUs(message.expiresAtMs * 1000n),
    message.attempts,
  ])
  return `\n${printable(destination)}\n${formatTable(['ID', 'FROM', 'TO', 'ACCEPTED', 'EXPIRES', 'ATTEMPTS'], rows, style)}`
}
