import { createWriteStream, type WriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { errorsOf, GatewayError, messageOf } from '@gatehouse/errors'
import { PeeringService, type TracePeerResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import { toJson } from '../output/output.ts'
import { chooseStyle, printable, type Style } from '../output/style.ts'

const cliError = errorsOf(cliCodes)

const MOST_MINUTES = 60
const MOST_MESSAGES = 10_000
/** The gateway ends the trace; this is for one that does not. */
const SLACK_MS = 30_000

export const peersTraceCommand: Command = {
  name: 'peers trace',
  summary: 'Show the SIP messages of one peer for some minutes',
  description:
    'Shows start line and headers of each SIP message that crosses the edge from and to one peer, as it is on the wire. Never a body: only its length; credentials and words in headers are replaced. The trace is on for the minutes given and ends by itself, with Ctrl-C, or after --messages. Switching it on is logged with the name of the caller, told on the bus, counted in gatehouse_peer_sip_traces and shown by "gatehouse peers". It covers all replicas of the edge.',
  positionals: [
    {
      name: 'PEER',
      description: 'Partner as "gatehouse peers" names it, one of its domains, or a name in its certificate.',
      isRequired: true,
    },
  ],
  options: [
    { name: 'minutes', value: 'N', description: `How long; 1 to ${MOST_MINUTES}. Default 5.` },
    { name: 'messages', value: 'N', description: `End after so many; 1 to ${MOST_MESSAGES}. Default 1000.` },
    { name: 'file', value: 'PATH', description: 'Write it there, for nobody else to read, instead of showing it.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse peers trace fabrikam.example --minutes 5', explanation: 'what they send, and what we answer' },
    { command: 'gatehouse peers trace sip.fabrikam.example --file trace.txt', explanation: 'to a file, for the partner’s support' },
    { command: "gatehouse peers trace fabrikam --json | jq -r '.message.startLine'", explanation: 'start lines only' },
  ],
  run: async (call) => {
    const minutes = countOf(call, 'minutes', 5, MOST_MINUTES)
    const maxMessages = countOf(call, 'messages', 1_000, MOST_MESSAGES)
    const [partner = ''] = call.positionals
    const file = openFile(call)
    let shown = 0
    try {
      await withGateway(call, async (connection) => {
        const answers = connection
          .client(PeeringService)
          .tracePeer(
            { partner, seconds: minutes * 60, maxMessages, everyReplica: true },
            { deadlineMs: minutes * 60_000 + SLACK_MS, signal: call.io.stop },
          )
        try {
          for await (const answer of answers) {
            if (answer.message === undefined) {
              call.io.err.write(stateOf(answer, partner))
              continue
            }
            shown++
            if (file === undefined) call.out.item(answer, () => textOf(answer, call.out.style))
            else file.write(call.flag('json') ? `${toJson(answer)}\n` : textOf(answer, chooseStyle(false, {})))
          }
        } catch (thrown) {
          // Ctrl-C is how this command ends early
          const isEnded = thrown instanceof GatewayError && thrown.code === 'GH-RPC-CANCELLED' && call.io.stop.aborted
          if (!isEnded) throw thrown
        }
      })
    } finally {
      if (file !== undefined) await closed(file)
    }
    call.io.err.write(`${shown} ${shown === 1 ? 'message' : 'messages'}\n`)
    return exitCodes.ok.code
  },
}

function countOf(call: Call, option: string, usual: number, most: number): number {
  const text = call.text(option)
  const count = text === undefined ? usual : Number(text)
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw cliError('GH-CLI-USAGE', `--${option} is a whole number from 1 to ${most}.`)
  return count
}

/** A new file only: whoever could read an old one of that name would read this too. */
function openFile(call: Call): WriteStream | undefined {
  const path = call.text('file')
  return path === undefined
    ? undefined
    : createWriteStream(resolve(call.io.cwd, path), { mode: 0o600, flags: 'wx' }).on('error', () => undefined)
}

function closed(file: WriteStream): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const fail = (cause: Error): void => reject(cliError('GH-CLI-FILE', messageOf(cause), { cause }))
    if (file.errored !== null) return fail(file.errored)
    file.once('error', fail)
    file.end(() => resolvePromise())
  })
}

/** What a replica says before its messages, or instead of them. */
function stateOf({ replica, refusal, untilUs }: TracePeerResponse, partner: string): string {
  const where = replica === '' ? '' : ` at ${printable(replica)}`
  return refusal === ''
    ? `The messages of ${printable(partner)}${where} are shown until ${timeOfUs(untilUs)}; Ctrl-C ends it.\n`
    : `Nothing is shown${where}: ${printable(refusal)}\n`
}

function textOf({ message, missed }: TracePeerResponse, style: Style): string {
  if (message === undefined) return ''
  const { atUs, replica, isReceived, side, partner, remote, startLine, headers, bodyBytes, defect } = message
  const left = missed === 0n ? '' : `${style.warn(`${missed} not shown`)}\n`
  const arrow = isReceived ? style.good('<-') : style.bold('->')
  const wrong = defect === '' ? '' : `  ${style.bad(printable(defect))}`
  const head = `${timeOfUs(atUs)} ${arrow} ${style.dim(printable(`${partner} ${remote} ${side} ${replica}`))}${wrong}\n  ${style.bold(printable(startLine))}\n`
  const lines = headers.map(({ name, value }) => `  ${printable(name)}: ${printable(value)}\n`).join('')
  const body = bodyBytes === 0n ? '' : `  ${style.dim(`[${bodyBytes} bytes]`)}\n`
  return `${left}${head}${lines}${body}\n`
}
