import { errorsOf } from '@gatehouse/errors'
import { BridgeService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { ageOf } from '../output/format-time.ts'
import { printable } from '../output/style.ts'
import { formatTable } from '../output/table.ts'
import { readText } from '../read-text.ts'
import { STATE_PAINT } from './networks.ts'

const cliError = errorsOf(cliCodes)

const networkOption = { name: 'network', value: 'NAME', description: 'Network, as in publicImBridge.networks.', isRequired: true } as const

export const linkAddCommand: Command = {
  name: 'link add',
  summary: 'Link a user with their account on a public network',
  description:
    'Gives the bridge the account that a user of ours has on a network one logs in to (IRC). The secret is read from a file or from standard input, never from the command line, and sealed before it is kept. The account is connected within seconds by the replica that owns it.',
  positionals: [{ name: 'USER', description: 'Our user, user@domain.', isRequired: true }],
  options: [
    networkOption,
    { name: 'login', value: 'NAME', description: 'Name of the account on the network.', isRequired: true },
    { name: 'secret-file', value: 'FILE', description: 'File with the password; `-`: standard input. Without it the account has none.' },
    { name: 'set', value: 'KEY=VALUE', isMany: true, description: 'What the connector wants to know besides, such as nick=alice.' },
    ...connectOptions,
  ],
  examples: [
    {
      command: 'gatehouse link add alice@contoso.example --network irc --login alice --secret-file alice.txt',
      explanation: 'Alice may be reached on IRC',
    },
  ],
  run: async (call) => {
    const request = {
      network: call.text('network') ?? '',
      owner: call.positionals[0] ?? '',
      login: call.text('login') ?? '',
      secret: await secretOf(call),
      settings: Object.fromEntries(call.texts('set').map(settingOf)),
      author: call.io.userName,
    }
    const response = await withGateway(call, (connection) => connection.client(BridgeService).linkAccount(request))
    call.out.result(response, () => `linked: ${printable(request.owner)} is ${printable(request.login)} on ${printable(request.network)}\n`)
    return exitCodes.ok.code
  },
}

export const linkListCommand: Command = {
  name: 'link list',
  summary: 'List linked accounts with live state',
  description: 'Lists the accounts that users have on public networks: whose, where connected, and if not, why. Secrets are never shown.',
  options: [
    { name: 'network', value: 'NAME', description: 'Only this network.' },
    { name: 'user', value: 'ADDRESS', description: 'Only this user.' },
    ...connectOptions,
  ],
  examples: [{ command: 'gatehouse link list --network irc', explanation: 'who is on IRC' }],
  run: async (call) => {
    const request = { network: call.text('network') ?? '', owner: call.text('user') ?? '' }
    const response = await withGateway(call, (connection) => connection.client(BridgeService).listAccounts(request))
    const nowMs = call.io.nowMs()
    const rows = response.accounts.map((account) => [
      account.owner,
      account.network,
      account.login,
      { text: account.state, paint: STATE_PAINT[account.state] ?? ('warn' as const) },
      account.replica || '-',
      ageOf(nowMs - Number(account.sinceMs)),
      account.code === '' ? '-' : `${account.code} ${account.detail}`,
    ])
    call.out.result(response, () => formatTable(['USER', 'NETWORK', 'LOGIN', 'STATE', 'REPLICA', 'SINCE', 'DETAIL'], rows, call.out.style))
    return exitCodes.ok.code
  },
}

export const linkRemoveCommand: Command = {
  name: 'link remove',
  summary: 'Unlink a user from a public network',
  description: 'Logs the account out and forgets it with its secret.',
  positionals: [{ name: 'USER', description: 'Our user, user@domain.', isRequired: true }],
  options: [networkOption, ...connectOptions],
  examples: [{ command: 'gatehouse link remove alice@contoso.example --network irc', explanation: 'Alice has left' }],
  run: async (call) => {
    const request = { network: call.text('network') ?? '', owner: call.positionals[0] ?? '' }
    const response = await withGateway(call, (connection) => connection.client(BridgeService).unlinkAccount(request))
    call.out.result(response, () => `unlinked: ${printable(request.owner)} from ${printable(request.network)}\n`)
    return exitCodes.ok.code
  },
}

async function secretOf(call: Call): Promise<string> {
  const file = call.text('secret-file')
  if (file === undefined) return ''
  const text = file === '-' ? await call.io.readInput() : readText(call.io.cwd, file)
  return text.replace(/\r?\n$/, '')
}

function settingOf(text: string): [key: string, value: string] {
  const at = text.indexOf('=')
  if (at <= 0) throw cliError('GH-CLI-USAGE', `--set is KEY=VALUE, not '${text}'.`)
  return [text.slice(0, at), text.slice(at + 1)]
}
