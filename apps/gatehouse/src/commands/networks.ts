import { BridgeService, type NetworkState } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { ageOf } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'
import { type Cell, formatTable, type Paint } from '../output/table.ts'

export const networksCommand: Command = {
  name: 'networks',
  summary: 'List public networks with live state',
  description:
    'Lists every network that a replica of public-im-bridge runs: state and why, accounts or far servers, what passed and what failed. With --wide also what each network can carry.',
  options: [{ name: 'wide', short: 'w', description: 'Also domains, limits and capabilities of each network.' }, ...connectOptions],
  examples: [
    { command: 'gatehouse networks', explanation: 'which are up' },
    { command: 'gatehouse networks --json | jq \'.networks[] | select(.state != "connected")\'', explanation: 'which are not' },
  ],
  run: async (call) => {
    const { networks } = await withGateway(call, (connection) => connection.client(BridgeService).listNetworks({}))
    const nowMs = call.io.nowMs()
    call.out.result({ networks }, () => {
      const table = formatTable(
        HEADERS,
        networks.map((network) => row(network, nowMs)),
        call.out.style,
      )
      return call.flag('wide') ? `${table}${networks.map((network) => details(network, call.out.style)).join('')}` : table
    })
    return networks.every(({ state }) => state === 'connected') ? exitCodes.ok.code : exitCodes.negative.code
  },
}

const HEADERS = ['NETWORK', 'PROTOCOL', 'REPLICA', 'STATE', 'REACHES', 'IN', 'OUT', 'FAILED', 'SINCE', 'DETAIL']

/** Of networks and of accounts alike. */
export const STATE_PAINT: Readonly<Record<string, Paint>> = {
  connected: 'good',
  connecting: 'warn',
  away: 'bad',
  refused: 'bad',
  stopped: 'dim',
}

function row(network: NetworkState, nowMs: number): readonly Cell[] {
  const { kind, accounts, accountsConnected, peersConnected, peersAway, code, detail } = network
  const reaches =
    kind === 'accounts' ? `${accountsConnected}/${accounts} accounts` : `${peersConnected}/${peersConnected + peersAway} servers`
  return [
    network.network,
    network.protocol,
    network.replica,
    { text: network.state, paint: STATE_PAINT[network.state] ?? 'warn' },
    reaches,
    network.received,
    network.sent,
    network.failed,
    ageOf(nowMs - Number(network.sinceMs)),
    code === '' ? '-' : `${code} ${detail}`,
  ]
}

function details(network: NetworkState, style: Style): string {
  const carried = network.capabilities.map(({ feature, level }) => `${feature} ${level}`).join(', ')
  const lines = [
    `domains ${network.domains.join(', ') || 'none'}`,
    `longest text ${network.maxTextBytes} bytes, under way ${network.openReceives} in ${network.openSends} out`,
    `carries ${carried}`,
  ]
  return `\n${style.bold(printable(`${network.network} on ${network.replica}`))}\n${lines.map((line) => `  ${printable(line)}\n`).join('')}`
}
