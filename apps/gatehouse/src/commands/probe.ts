import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { type DialedTls, type DialFailure, dialTls, firstRequest, SipWire, type WireAnswer } from '@gatehouse/doctor'
import { errorsOf } from '@gatehouse/errors'
import { loadOwnCertificate } from '@gatehouse/federation-peer'
import { matchDomain, matchHost, PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'
import { parseTarget } from '@gatehouse/rpc'
import { decodeHeaderText, parseSipUri, type SipUri } from '@gatehouse/sip-core'
import type { Call, Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { cliCodes } from '../errors.ts'
import type { Style } from '../output/style.ts'
import { formatFacts } from '../output/table.ts'
import { readNamedFile } from './certificate-source.ts'

const cliError = errorsOf(cliCodes)
const METHODS: readonly string[] = ['OPTIONS', 'MESSAGE']

export const probeCommand: Command = {
  name: 'probe',
  summary: 'Send one SIP request over mutual TLS and show the answer',
  description:
    'Connects to a SIP edge as a partner would, checks its certificate by the rules of the gate, sends one OPTIONS or MESSAGE and shows what it is answered. Exit code 0: a 2xx; 1: another final answer; 3: not reached, or no trusted TLS, or no answer in time.',
  options: [
    { name: 'at', value: 'HOST:PORT', isRequired: true, description: 'The edge to ask.' },
    { name: 'cert', value: 'FILE', isRequired: true, description: 'Our certificate, then its intermediates (PEM).' },
    { name: 'key', value: 'FILE', isRequired: true, description: 'Its key.' },
    { name: 'ca', value: 'FILE', isMany: true, isRequired: true, description: 'Roots that the edge has to lead to (PEM or DER).' },
    { name: 'from', value: 'SIP_URI', isRequired: true, description: 'Sender, such as sip:probe@contoso.example.' },
    { name: 'to', value: 'SIP_URI', isRequired: true, description: 'Recipient, such as sip:bob@fabrikam.example.' },
    { name: 'method', value: 'METHOD', description: 'OPTIONS or MESSAGE. Default: MESSAGE where there is a --body, else OPTIONS.' },
    { name: 'body', value: 'TEXT', description: 'Text of the MESSAGE.' },
    {
      name: 'server-name',
      value: 'NAME',
      description:
        'Name to ask for (SNI) and to find in the certificate. Default: HOST; where that is an IP address, no name is looked for.',
    },
    { name: 'timeout', value: 'SECONDS', description: 'Longest wait for each of connection, handshake and answer. Default 10.' },
  ],
  examples: [
    {
      command:
        'gatehouse probe --at sip.fabrikam.example:5061 --cert edge.pem --key edge.key --ca roots.pem --from sip:probe@contoso.example --to sip:fabrikam.example',
      explanation: 'does the partner answer us?',
    },
    {
      command:
        'gatehouse probe --at 192.0.2.7:5061 --server-name sip.contoso.example --cert partner.pem --key partner.key --ca ca.pem --from sip:ann@fabrikam.example --to sip:bob@contoso.example --body Hello --json',
      explanation: 'send a message through our own gate, as a partner would',
    },
  ],
  run: async (call) => {
    const report = await probe(call)
    call.out.result(report, () => describe(report, call.out.style))
    if (report.outcome === 'answered') return report.status < 300 ? exitCodes.ok.code : exitCodes.negative.code
    return exitCodes.unreachable.code
  },
}

interface ProbeReport {
  /** `answered`: there is a final SIP answer; everything else says where it ended. */
  readonly outcome: 'answered' | 'unreachable' | 'tls-failed' | 'untrusted' | 'no-answer'
  readonly method: string
  readonly at: string
  /** SIP status; 0 where there is none. */
  readonly status: number
  readonly reason: string
  /** What the edge added in ms-diagnostics or Reason; empty: nothing. */
  readonly diagnostics: string
  readonly detail: string
  readonly tlsVersion: string
  readonly connectMs: number
  readonly handshakeMs: number
  readonly answerMs: number
}

async function probe(call: Call): Promise<ProbeReport> {
  const plan = planOf(call)
  const { timeoutMs, target, serverName } = plan
  const base = { method: plan.method, at: `${target.host}:${target.port}`, status: 0, reason: '', diagnostics: '', answerMs: 0 }
  const dialed = await dialTls({
    address: target.host,
    port: target.port,
    serverName,
    context: plan.context,
    timeoutMs,
    signal: call.io.stop,
    nowMs: () => performance.now(),
  })
  const times = { connectMs: Math.round(dialed.connectMs), handshakeMs: Math.round(dialed.handshakeMs) }
  if (!dialed.ok) return { ...base, ...times, outcome: whereItEnded(dialed), detail: dialed.detail, tlsVersion: '' }
  const distrust = await whyNotTrusted(dialed, plan, call)
  if (distrust !== undefined) {
    dialed.socket.destroy()
    return { ...base, ...times, outcome: 'untrusted', detail: distrust, tlsVersion: dialed.tlsVersion }
  }
  const { answer, answerMs } = await ask(dialed, plan)
  return { ...base, ...times, answerMs, tlsVersion: dialed.tlsVersion, ...readAnswer(answer, timeoutMs) }
}

async function ask(dialed: DialedTls, plan: Plan): Promise<{ answer: WireAnswer; answerMs: number }> {
  const wire = new SipWire(dialed.socket, { newToken, sentBy: { host: addressOf(plan.from).host, port: dialed.socket.localPort ?? 5061 } })
  const body = plan.body === undefined ? undefined : Buffer.from(plan.body, 'utf8')
  const headers = body === undefined ? [] : ([['Content-Type', 'text/plain;charset=UTF-8']] as const)
  const { text: from } = addressOf(plan.from)
  const { text: to } = addressOf(plan.to)
  const startedMs = performance.now()
  const answer = await wire.request(firstRequest(plan.method, { from, to, newToken }, headers, body), plan.timeoutMs)
  wire.close()
  return { answer, answerMs: Math.round(performance.now() - startedMs) }
}

interface Plan {
  readonly target: { readonly host: string; readonly port: number }
  readonly serverName: string
  readonly context: SecureContext
  readonly method: string
  readonly body: string | undefined
  readonly from: SipUri
  readonly to: SipUri
  readonly timeoutMs: number
}

function planOf(call: Call): Plan {
  const target = parseTarget(call.text('at') ?? '')
  if (target.kind !== 'tcp') throw cliError('GH-CLI-USAGE', `--at ${call.text('at')} is not host:port.`)
  const body = call.text('body')
  const method = call.text('method')?.toUpperCase() ?? (body === undefined ? 'OPTIONS' : 'MESSAGE')
  if (!METHODS.includes(method)) throw cliError('GH-CLI-USAGE', `--method is OPTIONS or MESSAGE, not ${method}.`)
  const timeoutText = call.text('timeout') ?? '10'
  const timeoutMs = Number(timeoutText) * 1000
  if (!(timeoutMs > 0 && timeoutMs <= 600_000)) throw cliError('GH-CLI-USAGE', `--timeout ${timeoutText} is not a number of seconds.`)
  const { cwd, nowMs } = call.io
  const own = loadOwnCertificate(readNamedFile(cwd, call.text('cert') ?? ''), readNamedFile(cwd, call.text('key') ?? ''), nowMs())
  if (!own.ok) throw cliError('GH-CLI-FILE', `${own.code}: ${own.detail}`)
  return {
    target,
    serverName: call.text('server-name') ?? (isIP(target.host) === 0 ? target.host : ''),
    context: own.identity.context,
    method,
    body: method === 'MESSAGE' ? (body ?? '') : body,
    from: uriOf(call, 'from'),
    to: uriOf(call, 'to'),
    timeoutMs,
  }
}

function uriOf(call: Call, option: 'from' | 'to'): SipUri {
  const text = call.text(option) ?? ''
  const uri = parseSipUri(/^sips?:/i.test(text) ? text : `sip:${text}`)
  if (uri === undefined) throw cliError('GH-CLI-USAGE', `--${option} ${text} is not a SIP address.`)
  return uri
}

function addressOf(uri: SipUri): { readonly text: string; readonly host: string } {
  return { text: uri.user === undefined ? uri.host : `${uri.user}@${uri.host}`, host: uri.host }
}

/** Undefined: a valid path to a given root, and the right name. */
async function whyNotTrusted(dialed: DialedTls, plan: Plan, call: Call): Promise<string | undefined> {
  const files = call.texts('ca').map((path) => readNamedFile(call.io.cwd, path))
  const { store, problems } = trustStoreFrom('given', files)
  if (problems[0] !== undefined) throw cliError('GH-CLI-FILE', problems[0].detail)
  const validator = new PeerValidator({ stores: [store], crls: [], revocation: 'whenPresent', nowMs: call.io.nowMs })
  const peer = await validator.validate(dialed.chain)
  if (!peer.isAuthenticated) return `${peer.refusal?.code ?? ''}: ${peer.refusal?.detail ?? ''}`
  const { serverName } = plan
  if (serverName === '' || matchHost(peer, serverName) || matchDomain(peer, serverName) !== 'none') return undefined
  const names = [...peer.names.dns, ...peer.names.sipDomains.map((domain) => `sip:${domain}`)]
  return `The certificate does not name ${serverName}; it names ${names.length === 0 ? 'nothing' : names.slice(0, 8).join(', ')}.`
}

function whereItEnded(failure: DialFailure): ProbeReport['outcome'] {
  return failure.stage === 'tcp' ? 'unreachable' : 'tls-failed'
}

function readAnswer(answer: WireAnswer, timeoutMs: number): Pick<ProbeReport, 'outcome' | 'status' | 'reason' | 'detail' | 'diagnostics'> {
  const none = { status: 0, reason: '', diagnostics: '' }
  switch (answer.kind) {
    case 'response': {
      const { response } = answer
      const diagnostics = response.headers.first('ms-diagnostics') ?? response.headers.first('reason') ?? ''
      return {
        outcome: 'answered',
        status: response.status,
        reason: decodeHeaderText(response.reason),
        detail: '',
        diagnostics: decodeHeaderText(diagnostics),
      }
    }
    case 'timeout':
      return { ...none, outcome: 'no-answer', detail: `No answer within ${timeoutMs} ms.` }
    case 'closed': {
      // In TLS 1.3 a server refuses our certificate after our side counts as connected.
      const isAlert = answer.code.startsWith('ERR_SSL')
      const detail =
        answer.detail === '' ? 'The edge closed the connection without an answer; it may not trust our certificate.' : answer.detail
      return { ...none, outcome: isAlert ? 'tls-failed' : 'no-answer', detail }
    }
    case 'broken':
      return { ...none, outcome: 'no-answer', detail: `What came back is not SIP: ${answer.detail}` }
  }
}

function describe(report: ProbeReport, style: Style): string {
  const text = report.outcome === 'answered' ? `${report.status} ${report.reason}` : report.outcome
  const isGood = report.outcome === 'answered' && report.status < 300
  return formatFacts(
    [
      ['answer', { text, paint: isGood ? 'good' : 'bad' }],
      ...(report.detail === '' ? [] : [['why', report.detail] as const]),
      ...(report.diagnostics === '' ? [] : [['diagnostics', report.diagnostics] as const]),
      ['request', `${report.method} to ${report.at}`],
      ...(report.tlsVersion === '' ? [] : [['tls', report.tlsVersion] as const]),
      ['time', `connect ${report.connectMs} ms, handshake ${report.handshakeMs} ms, answer ${report.answerMs} ms`],
    ],
    style,
  )
}

function newToken(): string {
  return randomBytes(12).toString('hex')
}
