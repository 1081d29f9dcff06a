import { errorsOf } from '@gatehouse/errors'
import { PolicyDecisionService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatDecision } from '../output/format-decision.ts'
import { printable } from '../output/style.ts'

const cliError = errorsOf(cliCodes)

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say whether a message would pass, and why',
  description:
    'Asks the policy in force about a message that need not exist. Shows the verdict, every rule tried in order and the policy object that spoke. Nothing is sent.',
  options: [
    { name: 'from', value: 'ADDRESS', isRequired: true, description: 'Sender, user@domain.' },
    { name: 'to', value: 'ADDRESS', isRequired: true, description: 'Recipient, user@domain.' },
    { name: 'peer', value: 'NAME', description: 'The server it comes from: a name in its certificate. Short for --cert-name.' },
    { name: 'method', value: 'METHOD', description: 'SIP method. Default MESSAGE.' },
    {
      name: 'cert-name',
      value: 'NAME',
      isMany: true,
      description: 'Name in the certificate of the server it comes from (DNS name, or sip:domain).',
    },
    { name: 'mark', value: 'MARK', description: 'verified or unverified: what that server says of the sender.' },
    { name: 'side', value: 'SIDE', description: 'external or internal edge. Default: by the domain of the sender.' },
    { name: 'srv', value: 'HOST:PORT', isMany: true, description: 'Pretend that this is what DNS says of the outside domain.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse explain --from carol@fabrikam.example --to alice@contoso.example', explanation: 'as the partner would send it' },
    {
      command: 'gatehouse explain --from carol@fabrikam.example --to alice@contoso.example --peer sip.woodgrove.example',
      explanation: 'the same sender through somebody else’s server',
    },
  ],
  run: async (call) => {
    const question = questionOf(call)
    const response = await withGateway(call, (connection) => connection.client(PolicyDecisionService).explain({ question }))
    const { decision } = response
    call.out.result(response, () => {
      const assumed = response.assumptions.map((assumption) => `  ${printable(assumption)}\n`).join('')
      const heading = assumed === '' ? '' : `\n${call.out.style.dim('assumed')}\n${assumed}`
      return (decision === undefined ? '' : formatDecision(decision, call.out.style)) + heading
    })
    return decision?.verdict === 'allow' ? exitCodes.ok.code : exitCodes.negative.code
  },
}

function questionOf(call: Call) {
  const peer = call.text('peer')
  const mark = call.text('mark') ?? ''
  if (!['', 'verified', 'unverified'].includes(mark)) throw cliError('GH-CLI-USAGE', '--mark is verified or unverified.')
  const side = call.text('side') ?? ''
  if (!['', 'external', 'internal'].includes(side)) throw cliError('GH-CLI-USAGE', '--side is external or internal.')
  return {
    fromAddress: bare(call.text('from') ?? ''),
    toAddress: bare(call.text('to') ?? ''),
    method: (call.text('method') ?? 'MESSAGE').toUpperCase(),
    certificateNames: [...call.texts('cert-name'), ...(peer === undefined ? [] : [peer])],
    assertedMark: mark,
    side,
    srvTargets: [...call.texts('srv')],
  }
}

/** People paste SIP URIs. */
function bare(address: string): string {
  return address.replace(/^sips?:/i, '')
}
