import { errorsOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { cliCodes } from '../errors.ts'
import type { ServiceName } from '../up/service-code.ts'

const cliError = errorsOf(cliCodes)

const NAMES: readonly ServiceName[] = ['policy', 'archive', 'federation-peer', 'public-im-bridge']

export const serviceCommand: Command = {
  name: 'service',
  summary: 'Run one service of the gateway',
  description:
    'Starts a single service from the same configuration file as "up". With `bus: { driver: nats }` the services, and several replicas of federation-peer, work together from processes of their own; federation-peer then needs federationPeer.policy.publicKeyFile, public-im-bridge publicImBridge.policy.publicKeyFile and publicImBridge.sealKeyFile. With the embedded bus a service hears no other process: good for searching and verifying the archive while the gate is down.',
  positionals: [{ name: 'NAME', description: `One of ${NAMES.join(', ')}.`, isRequired: true }],
  options: [
    { name: 'config', short: 'c', value: 'FILE', isRequired: true, description: 'Configuration.' },
    {
      name: 'replica',
      value: 'NAME',
      description:
        'Name of this replica, instead of the one in the file: several replicas of federation-peer or public-im-bridge can then share the file.',
    },
  ],
  examples: [
    { command: 'gatehouse service federation-peer --config gatehouse.yaml', explanation: 'one replica of the edge, over NATS' },
    {
      command: 'gatehouse service federation-peer --config gatehouse.yaml --replica "$HOSTNAME"',
      explanation: 'several of them from one file',
    },
    { command: 'gatehouse service archive --config gatehouse.yaml', explanation: 'search and verify while the gate is down' },
  ],
  run: async (call) => {
    const name = NAMES.find((candidate) => candidate === call.positionals[0])
    if (name === undefined) throw cliError('GH-CLI-USAGE', `There is no service '${call.positionals[0]}'; there are: ${NAMES.join(', ')}.`)
    const { runGateway } = await import('../up/run-gateway.ts')
    return await runGateway(call, call.text('config') ?? '', [name], call.text('replica'))
  },
}
