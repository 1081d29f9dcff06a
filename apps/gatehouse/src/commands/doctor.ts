import { firstTrouble, type StepReport, worstOf } from '@gatehouse/doctor'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { normaliseDomain } from '@gatehouse/im-model'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import type { ExitCode } from '../cli/exit-codes.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import type { Diagnosis } from '../doctor/diagnosis.ts'
import { diagnoseByGate } from '../doctor/gate-diagnosis.ts'
import { diagnoseHere } from '../doctor/own-diagnosis.ts'
import { cliCodes } from '../errors.ts'
import { formatMonitoring, formatStep, formatVerdict, monitoringLine } from '../output/format-diagnosis.ts'
import { printable } from '../output/style.ts'

const cliError = errorsOf(cliCodes)
const DEFAULT_TIMEOUT_S = 5
const LONGEST_TIMEOUT_S = 20

/** What Nagios and its like expect (Monitoring Plugins guidelines); the codes of the house mean other things. */
const MONITORING_CODES = { ok: 0, warn: 1, fail: 2, unknown: 3 } as const

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Find out why a partner cannot be reached, and what to do',
  description:
    'Goes the way of a message to a partner, step by step: SRV record, addresses, TCP, TLS, chain, names, usage, validity and revocation of the certificate, our policy, OPTIONS, echo. Each step says what it saw and, where something is wrong, who has to do what. By default the running gate does it, from its place in the network and with its certificate and policy; with --config or --cert, --key and --ca this command does it itself, without a policy. Exit code 1: messages cannot pass.',
  positionals: [{ name: 'DOMAIN', description: 'SIP domain of the partner.', isRequired: true }],
  options: [
    { name: 'from', value: 'USER@DOMAIN', description: 'Sender of the test messages. Default: doctor@ our first domain.' },
    { name: 'echo', value: 'USER', description: 'User of theirs that sends a message back. Default: echo.' },
    {
      name: 'replica',
      value: 'NAME',
      description: 'From the place of that replica of the edge, as "gatehouse peers -w" names it. Default: the one that is asked.',
    },
    { name: 'skip-echo', description: 'Send no message, OPTIONS only.' },
    {
      name: 'monitoring',
      description: 'For Nagios and its like: one line with performance data; exit code 0 ok, 1 warning, 2 critical, 3 unknown.',
    },
    { name: 'config', value: 'FILE', description: 'Run here, with the certificates and name servers of this gatehouse.yaml.' },
    { name: 'cert', value: 'FILE', description: 'Run here: our certificate, then its intermediates (PEM).' },
    { name: 'key', value: 'FILE', description: 'Its key.' },
    { name: 'ca', value: 'FILE', isMany: true, description: 'Roots that the partner has to lead to (PEM or DER).' },
    { name: 'crl', value: 'FILE', isMany: true, description: 'Revocation lists.' },
    { name: 'dns', value: 'ADDRESS', isMany: true, description: 'Name server, address or address:port. Default: those of the system.' },
    { name: 'at', value: 'HOST:PORT', description: 'Go there instead of asking DNS; only where the doctor runs here.' },
    { name: 'server-name', value: 'NAME', description: 'With --at: name to ask for (SNI) and to find in the certificate.' },
    ...connectOptions.filter(({ name }) => name !== 'timeout'),
    { name: 'timeout', value: 'SECONDS', description: 'Longest wait for each connection, handshake and answer. Default 5, at most 20.' },
  ],
  examples: [
    { command: 'gatehouse doctor fabrikam.example', explanation: 'by the running gate' },
    { command: 'gatehouse doctor fabrikam.example --monitoring --skip-echo', explanation: 'from Nagios, every five minutes' },
    {
      command: 'gatehouse doctor fabrikam.example --cert edge.pem --key edge.key --ca fabrikam-ca.pem',
      explanation: 'before there is a gate',
    },
    {
      command: 'gatehouse doctor fabrikam.example --config gatehouse.yaml --at 192.0.2.7:5061 --server-name sip.fabrikam.example',
      explanation: 'one server of theirs, before it is in DNS',
    },
  ],
  run: (call) => (call.flag('monitoring') ? monitor(call) : examine(call)),
}

async function examine(call: Call): Promise<ExitCode> {
  const domain = domainOf(call)
  const { style } = call.out
  const reports: StepReport[] = []
  await withDiagnosis(call, domain, async ({ place, steps }) => {
    call.out.progress(`${style.bold(domain)}, seen from ${printable(place)}\n\n`)
    for await (const report of steps) {
      reports.push(report)
      call.out.progress(formatStep(report, style))
    }
  })
  const result = worstOf(reports)
  call.out.result({ domain, result, first: firstTrouble(reports)?.code ?? '', steps: reports }, () => formatVerdict(domain, reports, style))
  return result === 'fail' ? exitCodes.negative.code : exitCodes.ok.code
}

/** Whatever happens, it is one line and one of four codes. */
async function monitor(call: Call): Promise<ExitCode> {
  try {
    const domain = domainOf(call)
    const reports: StepReport[] = []
    await withDiagnosis(call, domain, async ({ steps }) => {
      for await (const report of steps) reports.push(report)
    })
    call.out.raw(formatMonitoring(domain, reports))
    return MONITORING_CODES[worstOf(reports)]
  } catch (thrown) {
    call.out.raw(monitoringLine('UNKNOWN', messageOf(thrown)))
    return MONITORING_CODES.unknown
  }
}

async function withDiagnosis(call: Call, domain: string, use: (diagnosis: Diagnosis) => Promise<void>): Promise<void> {
  const timeoutMs = timeoutOf(call)
  if (call.text('config') !== undefined || call.text('cert') !== undefined) return await use(diagnoseHere(call, domain, timeoutMs))
  for (const option of ['at', 'server-name', 'key']) {
    if (call.text(option) !== undefined)
      throw cliError('GH-CLI-USAGE', `--${option} is for a doctor that runs here: give --config, or --cert, --key and --ca.`)
  }
  const question = {
    domain,
    from: call.text('from') ?? '',
    echoUser: call.text('echo') ?? '',
    skipEcho: call.flag('skip-echo'),
    timeoutMs,
    replica: call.text('replica') ?? '',
  }
  await withGateway(call, (connection) => use(diagnoseByGate(connection, question, call.io.stop)))
}

function domainOf(call: Call): string {
  const text = call.positionals[0] ?? ''
  const domain = normaliseDomain(text)
  if (domain === undefined) throw cliError('GH-CLI-USAGE', `'${text}' is not a domain.`)
  return domain
}

function timeoutOf(call: Call): number {
  const text = call.text('timeout')
  const seconds = text === undefined ? DEFAULT_TIMEOUT_S : Number(text)
  if (!(seconds > 0 && seconds <= LONGEST_TIMEOUT_S))
    throw cliError('GH-CLI-USAGE', `--timeout ${text} is not a number of seconds, ${LONGEST_TIMEOUT_S} at most.`)
  return seconds * 1000
}
