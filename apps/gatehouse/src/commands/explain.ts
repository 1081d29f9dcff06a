import { errorsOf } from '@gatehouse/errors'
import { PolicyDecisionService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { type ExitCode, exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatArchived } from '../output/format-archived.ts'
import { formatDeciding } from '../output/format-deciding.ts'
import { formatDecision } from '../output/format-decision.ts'
import { printable } from '../output/style.ts'

const cliError = errorsOf(cliCodes)

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say whether a message would pass, and why',
  description:
    'Asks the policy in force about a message that need not exist, or, with --id, why an archived one got its verdict. Shows the verdict, every rule tried in order and the policy object that spoke. Nothing is sent; the archive notes who asked about which message.',
  options: [
    { name: 'id', value: 'ID', description: 'An archived message, by the id that `gatehouse archive search` shows.' },
    { name: 'from', value: 'ADDRESS', description: 'Sender, user@domain.' },
    { name: 'to', value: 'ADDRESS', description: 'Recipient, user@domain.' },
    { name: 'peer', value: 'NAME', description: 'The server it comes from: a name in its certificate. Short for --cert-name.' },
    { name: 'method', value: 'METHOD', description: 'SIP method. Default MESSAGE.' },
    {
      name: 'cert-name',
      value: 'NAME',
      isMany: true,
      description: 'Name in the certificate of the server it comes from (DNS name, or sip:domain).',
    },
    { name: 'mark', value: 'MARK', description: 'verified or unverified: what that server says of the sender.' },
    { name: 'evidence', value: 'CLASS', description: 'V0 to V3: how sure a public network is of the sender. Default V2.' },
    { name: 'side', value: 'SIDE', description: 'external or internal edge. Default: by the domain of the sender.' },
    { name: 'srv', value: 'HOST:PORT', isMany: true, description: 'Pretend that this is what DNS says of the outside domain.' },
    { name: 'body', value: 'TEXT', description: 'Text of the message.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse explain --from carol@fabrikam.example --to alice@contoso.example', explanation: 'as the partner would send it' },
    {
      command: 'gatehouse explain --from carol@fabrikam.example --to alice@contoso.example --peer sip.woodgrove.example',
      explanation: 'the same sender through somebody else’s server',
    },
    { command: 'gatehouse explain --id 01932a1b4c5d8e6f7a8b9c0d00000001', explanation: 'a message that was archived' },
  ],
  run: async (call) => {
    const id = call.text('id')
    if (id !== undefined) return await explainArchived(call, id)
    for (const option of ['from', 'to']) {
      if (call.text(option) === undefined) throw cliError('GH-CLI-USAGE', `explain needs --${option}, or --id.`)
    }
    const question = questionOf(call)
    const response = await withGateway(call, (connection) => connection.client(PolicyDecisionService).explain({ question }))
    const { decision } = response
    call.out.result(response, () => {
      const assumed = response.assumptions.map((assumption) => `  ${printable(assumption)}\n`).join('')
      const heading = assumed === '' ? '' : `\n${call.out.style.dim('assumed')}\n${assumed}`
      if (decision === undefined) return heading
      const { style } = call.out
      return formatDecision(decision, style) + formatDeciding(response.deciding, decision.revision, style) + heading
    })
    return decision?.verdict === 'allow' ? exitCodes.ok.code : exitCodes.negative.code
  },
}

/** Exit code: of the recorded verdict. */
async function explainArchived(call: Call, id: string): Promise<ExitCode> {
  const text = id.replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(text))
    throw cliError('GH-CLI-USAGE', '--id is 32 hexadecimal digits, as `gatehouse archive search` shows it.')
  const envelopeId = Buffer.from(text, 'hex')
  const response = await withGateway(call, (connection) => connection.client(PolicyDecisionService).explainArchived({ envelopeId }))
  call.out.result(response, () => formatArchived(response, call.out.style))
  return response.recorded?.verdict === 'allow' ? exitCodes.ok.code : exitCodes.negative.code
}

function questionOf(call: Call) {
  const peer = call.text('peer')
  const mark = call.text('mark') ?? ''
  if (!['', 'verified', 'unverified'].includes(mark)) throw cliError('GH-CLI-USAGE', '--mark is verified or unverified.')
  const evidence = (call.text('evidence') ?? '').toUpperCase()
  if (!['', 'V0', 'V1', 'V2', 'V3'].includes(evidence)) throw cliError('GH-CLI-USAGE', '--evidence is V0, V1, V2 or V3.')
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
    body: call.text('body') ?? '',
    evidence,
  }
}

/** People paste SIP URIs. */
function bare(address: string): string {
  return address.replace(/^sips?:/i, '')
}
