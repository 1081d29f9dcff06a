import { errorsOf, GatewayError } from '@gatehouse/errors'
import { LiveService, type TailResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'

const cliError = errorsOf(cliCodes)

const LONGEST_MS = 7 * 86_400_000

export const tailCommand: Command = {
  name: 'tail',
  summary: 'Watch decisions as they are made',
  description:
    'Shows each message that the gateway decides on from now on, from every replica on the bus: verdict, who to whom, why, and the final status; no texts. Ends with Ctrl-C or after --count. What is too much to show is left out and counted; the archive has everything.',
  options: [
    { name: 'domain', value: 'DOMAIN', description: 'Only messages from or to this domain.' },
    { name: 'verdict', value: 'VERDICT', description: 'Only allow or deny.' },
    { name: 'partner', value: 'NAME', description: 'Only traffic with this partner, provider or network.' },
    { name: 'count', value: 'N', description: 'End after so many.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse tail --verdict deny', explanation: 'what is refused right now, and why' },
    { command: 'gatehouse tail --domain fabrikam.example --json', explanation: 'one partner, a line of JSON for each message' },
  ],
  run: async (call) => {
    const request = requestOf(call)
    const count = countOf(call)
    await withGateway(call, async (connection) => {
      const answers = connection.client(LiveService).tail(request, { deadlineMs: LONGEST_MS, signal: call.io.stop })
      let shown = 0
      try {
        for await (const answer of answers) {
          call.out.item({ ...answer.decision, missed: answer.missed }, () => lineOf(answer, call.out.style))
          if (++shown >= count) return
        }
      } catch (thrown) {
        // Ctrl-C is how this command ends
        const isEnded = thrown instanceof GatewayError && thrown.code === 'GH-RPC-CANCELLED' && call.io.stop.aborted
        if (!isEnded) throw thrown
      }
    })
    return exitCodes.ok.code
  },
}

function requestOf(call: Call): { domain: string; verdict: string; partner: string } {
  const verdict = call.text('verdict') ?? ''
  if (!['', 'allow', 'deny'].includes(verdict)) throw cliError('GH-CLI-USAGE', '--verdict is allow or deny.')
  return { domain: call.text('domain') ?? '', verdict, partner: call.text('partner') ?? '' }
}

function countOf(call: Call): number {
  const text = call.text('count')
  if (text === undefined) return Number.POSITIVE_INFINITY
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw cliError('GH-CLI-USAGE', '--count is a whole number from 1.')
  return count
}

/** One line, the most telling first; of a refusal the reason below it. */
function lineOf({ decision, missed }: TailResponse, style: Style): string {
  if (decision === undefined) return ''
  const { atUs, verdict, fromAddress, toAddress, method, partner, status, code, source, reason, observed } = decision
  const isAllowed = verdict === 'allow'
  const sign = isAllowed ? style.good('allow') : style.bad('deny ')
  const who = printable(`${fromAddress} → ${toAddress}`)
  const facts = [method, partner, String(status), code, ...(source === '' ? [] : [source])].map(printable).join('  ')
  const left = missed === 0n ? '' : `${style.warn(`${missed} not shown`)}\n`
  const noted = observed.map((each) => `  ${style.warn('observed')} ${printable(each)}\n`).join('')
  const why = isAllowed ? '' : `  ${printable(reason)}\n`
  return `${left}${timeOfUs(atUs)}  ${sign}  ${who}  ${style.dim(facts)}\n${why}${noted}`
}
