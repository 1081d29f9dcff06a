import { exportLcs } from '@gatehouse/lcs-parity'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { printable } from '../output/style.ts'
import { levelOf, levelOption } from './lcs-level.ts'
import { readPolicyInForce } from './policy-in-force.ts'
import { revisionOption } from './revision-option.ts'

export const exportLcsCommand: Command = {
  name: 'export-lcs',
  summary: 'Write the policy as settings of a Live Communications Server',
  description:
    'Writes the policy as LcsCmd-style XML, which "gatehouse import-lcs" takes. What LCS has no property for is named on standard error; "gatehouse export" carries everything.',
  options: [levelOption, { name: 'revision', value: 'N', description: 'An older revision; see "gatehouse history".' }, ...connectOptions],
  examples: [{ command: 'gatehouse export-lcs > export.xml', explanation: 'save the settings' }],
  run: async (call) => {
    const level = levelOf(call)
    const { objects } = await withGateway(call, (connection) => readPolicyInForce(call, connection, revisionOption(call, 'revision')))
    const { xml, notCarried } = exportLcs(objects, level)
    call.out.result({ xml, notCarried }, () => {
      for (const { object, action } of notCarried) {
        if (action !== 'added')
          call.io.err.write(`${printable(`${object}: ${action === 'removed' ? 'not carried' : 'not carried whole'}`)}\n`)
      }
      return xml
    })
    return exitCodes.ok.code
  },
}
