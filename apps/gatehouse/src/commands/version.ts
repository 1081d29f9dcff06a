import type { Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'

/** Version of the product; the same in package.json, which a test compares. */
export const VERSION = '0.1.0'

export const versionCommand: Command = {
  name: 'version',
  summary: 'Show the version',
  description: 'Shows the version of Gatehouse.',
  options: [],
  examples: [{ command: 'gatehouse version --json', explanation: 'for scripts' }],
  run: async (call) => {
    call.out.result({ version: VERSION }, () => `gatehouse ${VERSION}\n`)
    return exitCodes.ok.code
  },
}
