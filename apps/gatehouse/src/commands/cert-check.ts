import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorsOf } from '@gatehouse/errors'
import type { PeerIdentity } from '@gatehouse/im-model'
import { crlsFrom, matchDomain, matchHost, PeerValidator, pinMatches, trustStoreFrom } from '@gatehouse/peer-identity'
import type { Call, Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { cliCodes } from '../errors.ts'
import { timeOfMs } from '../output/format-time.ts'
import type { Style } from '../output/style.ts'
import type { Cell } from '../output/table.ts'
import { formatFacts } from '../output/table.ts'
import { readText } from '../read-text.ts'
import { chainOfFile, chainOfServer, readNamedFile } from './certificate-source.ts'

const cliError = errorsOf(cliCodes)

/** Two thirds of its life gone: time to renew. */
const RENEWAL_SHARE = 0.66

export const certCheckCommand: Command = {
  name: 'cert check',
  summary: 'Check a certificate the way the gate would',
  description:
    'Takes a certificate file (leaf first) or asks a server at host:port for its chain, builds the path to the roots given and looks at every name. The same code as in the edge decides.',
  positionals: [{ name: 'FILE_OR_HOST:PORT', description: 'PEM or DER file, or a server to ask.', isRequired: true }],
  options: [
    { name: 'ca', value: 'FILE', isMany: true, description: 'Trusted roots (PEM or DER).' },
    { name: 'crl', value: 'FILE', isMany: true, description: 'Revocation lists.' },
    { name: 'require-crl', description: 'Refuse where the issuer has no current list.' },
    { name: 'domain', value: 'DOMAIN', description: 'SIP domain that it has to speak for (RFC 5922).' },
    { name: 'host', value: 'HOST', description: 'Host that it has to name.' },
    { name: 'pin', value: 'PIN', isMany: true, description: 'Base64 SHA-256 of its public key; one of them has to match.' },
    { name: 'server-name', value: 'NAME', description: 'Name to ask the server for (SNI).' },
    { name: 'tls-cert', value: 'FILE', description: 'Our certificate, for servers that demand one.' },
    { name: 'tls-key', value: 'FILE', description: 'Its key.' },
  ],
  examples: [
    { command: 'gatehouse cert check edge.pem --ca corporate-ca.pem --domain contoso.example', explanation: 'before it goes live' },
    {
      command: 'gatehouse cert check sip.fabrikam.example:5061 --ca fabrikam-ca.pem --host sip.fabrikam.example',
      explanation: 'what a partner presents',
    },
  ],
  run: async (call) => {
    const report = await inspect(call)
    call.out.result(report, () => describe(report, call.out.style))
    return report.isGood ? exitCodes.ok.code : exitCodes.negative.code
  },
}

interface Check {
  readonly name: string
  readonly isOk: boolean
  readonly detail: string
}

interface Report {
  readonly isGood: boolean
  readonly subject: string
  readonly names: string
  readonly issuer: string
  readonly serial: string
  readonly validFrom: string
  readonly validUntil: string
  readonly isRenewalDue: boolean
  readonly fingerprint: string
  readonly spkiPin: string
  readonly chainLength: number
  readonly checks: readonly Check[]
}

async function inspect(call: Call): Promise<Report> {
  const chain = await chainOf(call)
  const cas = call.texts('ca')
  if (cas.length === 0) throw cliError('GH-CLI-USAGE', 'gatehouse cert check needs --ca: the roots that you trust.')
  const { cwd, nowMs } = call.io
  const trust = trustStoreFrom(
    'given',
    cas.map((path) => readNamedFile(cwd, path)),
  )
  const lists = crlsFrom(call.texts('crl').map((path) => readNamedFile(cwd, path)))
  const problems = [...trust.problems, ...lists.problems]
  if (problems[0] !== undefined) throw cliError('GH-CLI-FILE', problems[0].detail)
  const validator = new PeerValidator({
    stores: [trust.store],
    crls: lists.crls,
    revocation: call.flag('require-crl') ? 'require' : 'whenPresent',
    nowMs,
  })
  return reportOf(chain, await validator.validate(chain), call)
}

async function chainOf(call: Call): Promise<readonly Uint8Array[]> {
  const source = call.positionals[0] ?? ''
  if (existsSync(resolve(call.io.cwd, source))) return chainOfFile(readNamedFile(call.io.cwd, source))
  if (!/:\d+$/.test(source)) throw cliError('GH-CLI-FILE', `${source} does not exist and is not host:port`)
  const [cert, key] = [call.text('tls-cert'), call.text('tls-key')]
  if ((cert === undefined) !== (key === undefined)) throw cliError('GH-CLI-USAGE', '--tls-cert and --tls-key go together.')
  const identity =
    cert === undefined || key === undefined ? undefined : { certPem: readText(call.io.cwd, cert), keyPem: readText(call.io.cwd, key) }
  return await chainOfServer(source, call.text('server-name'), identity)
}

function reportOf(chain: readonly Uint8Array[], identity: PeerIdentity, call: Call): Report {
  const leaf = certificateOf(chain[0])
  const checks = checksOf(identity, call)
  const validFromMs = leaf === undefined ? 0 : Date.parse(leaf.validFrom)
  const lifeMs = identity.notAfterMs - validFromMs
  return {
    isGood: checks.every((check) => check.isOk),
    // Node leaves an empty subject undefined, whatever its types say.
    subject: (leaf?.subject as string | undefined)?.replaceAll('\n', ', ') ?? '',
    names: leaf?.subjectAltName ?? '',
    issuer: identity.issuer,
    serial: identity.serial,
    validFrom: leaf === undefined ? '-' : timeOfMs(validFromMs),
    validUntil: identity.notAfterMs === 0 ? '-' : timeOfMs(identity.notAfterMs),
    isRenewalDue: lifeMs > 0 && call.io.nowMs() > validFromMs + lifeMs * RENEWAL_SHARE,
    fingerprint: identity.fingerprint,
    spkiPin: identity.spkiPin,
    chainLength: chain.length,
    checks,
  }
}

function checksOf(identity: PeerIdentity, call: Call): readonly Check[] {
  const path = identity.isAuthenticated
    ? { name: 'path', isOk: true, detail: 'leads to a given root' }
    : { name: 'path', isOk: false, detail: `${identity.refusal?.code ?? ''}: ${identity.refusal?.detail ?? ''}` }
  const checks: Check[] = [path]
  const domain = call.text('domain')
  if (domain !== undefined) {
    const match = matchDomain(identity, domain)
    checks.push({
      name: 'domain',
      isOk: match !== 'none',
      detail: match === 'none' ? `does not speak for ${domain}` : `speaks for ${domain} by ${match}`,
    })
  }
  const host = call.text('host')
  if (host !== undefined) {
    const isMatch = matchHost(identity, host)
    checks.push({ name: 'host', isOk: isMatch, detail: isMatch ? `names ${host}` : `does not name ${host}` })
  }
  const pins = call.texts('pin')
  if (pins.length > 0) {
    const isMatch = pinMatches(identity, pins)
    checks.push({ name: 'pin', isOk: isMatch, detail: isMatch ? 'one of the pins matches' : 'none of the pins matches' })
  }
  return checks
}

function certificateOf(der: Uint8Array | undefined): X509Certificate | undefined {
  try {
    return der === undefined ? undefined : new X509Certificate(der)
  } catch {
    return undefined
  }
}

function describe(report: Report, style: Style): string {
  const facts: (readonly [string, Cell])[] = [
    ['subject', report.subject === '' ? '(none)' : report.subject],
    ['names', report.names === '' ? '(none)' : report.names],
    ['issuer', report.issuer],
    ['serial', report.serial],
    ['valid', `${report.validFrom} to ${report.validUntil}`],
    ['fingerprint', report.fingerprint],
    ['key pin', report.spkiPin],
    ['presented', `${report.chainLength} certificate${report.chainLength === 1 ? '' : 's'}`],
  ]
  if (report.isRenewalDue) facts.push(['renewal', { text: 'due: two thirds of its life are over', paint: 'warn' }])
  const checks = report.checks.map((check) => `${check.isOk ? style.good('ok  ') : style.bad('fail')}  ${check.name}: ${check.detail}\n`)
  return `${formatFacts(facts, style)}\n${checks.join('')}`
}
