import type { Command } from '../cli/command.ts'

/** Looked for in this folder when --config is not given. */
const DEFAULT_CONFIG = 'gatehouse.yaml'

export const upCommand: Command = {
  name: 'up',
  summary: 'Run the whole gateway in this process',
  description:
    'Starts policy, archive and federation-peer with the embedded bus from one configuration file: a complete deployment for a small office. SIGTERM drains: no new requests, open ones finish, then connections close.',
  options: [
    { name: 'config', short: 'c', value: 'FILE', description: 'Configuration. Default: gatehouse.yaml in this folder.' },
    { name: 'policy', value: 'PATH', isMany: true, description: 'Policy files to apply after the start, as with "gatehouse apply".' },
  ],
  examples: [
    { command: 'gatehouse up --config gatehouse.yaml', explanation: 'start' },
    { command: 'gatehouse up --config gatehouse.yaml --policy policy/', explanation: 'start and bring the policy to what the files say' },
  ],
  run: async (call) => {
    const { runGateway } = await import('../up/run-gateway.ts')
    return await runGateway(call, call.text('config') ?? DEFAULT_CONFIG, ['policy', 'archive', 'federation-peer'])
  },
}
