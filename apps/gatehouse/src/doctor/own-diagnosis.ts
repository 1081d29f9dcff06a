import { isIP } from 'node:net'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { runDoctor } from '@gatehouse/doctor'
import { errorsOf } from '@gatehouse/errors'
import { createStandaloneDoctorGate, federationPeerConfig, type StandaloneDoctorParts } from '@gatehouse/federation-peer'
import { normaliseDomain } from '@gatehouse/im-model'
import { describeCertificate, readDerBlocks } from '@gatehouse/peer-identity'
import { parseTarget } from '@gatehouse/rpc'
import type { Call } from '../cli/command.ts'
import { readNamedFile } from '../commands/certificate-source.ts'
import { cliCodes } from '../errors.ts'
import { readText } from '../read-text.ts'
import { gatehouseConfig } from '../up/gatehouse-config.ts'
import type { Diagnosis } from './diagnosis.ts'

const cliError = errorsOf(cliCodes)
const DEFAULT_USER = 'doctor'

/** The doctor in this process: with the files that a gatehouse.yaml names, or with those on the command line. No policy, no edge. */
export function diagnoseHere(call: Call, domain: string, timeoutMs: number): Diagnosis {
  const configFile = call.text('config')
  const parts = configFile === undefined ? partsOfOptions(call) : partsOfConfig(call, configFile)
  const gate = createStandaloneDoctorGate(parts)
  const at = placeOf(call)
  const from = call.text('from') ?? `${DEFAULT_USER}@${parts.ownName.slice(parts.ownName.indexOf('.') + 1)}`
  const echoTo = call.flag('skip-echo') ? '' : `${call.text('echo') ?? 'echo'}@${domain}`
  return {
    place: configFile === undefined ? 'this machine' : `this machine, with ${configFile}`,
    steps: runDoctor(gate, { domain, from, echoTo, timeoutMs, at, signal: call.io.stop }),
  }
}

function partsOfOptions(call: Call): StandaloneDoctorParts {
  const { cwd, nowMs } = call.io
  const [cert, key] = [call.text('cert'), call.text('key')]
  const cas = call.texts('ca')
  if (cert === undefined || key === undefined || cas.length === 0)
    throw cliError('GH-CLI-USAGE', 'Without a running gate or --config, --cert, --key and --ca are needed.')
  const certificate = readNamedFile(cwd, cert)
  return {
    ownName: nameIn(certificate),
    certificate,
    key: readNamedFile(cwd, key),
    trust: cas.map((path) => ({ name: path, files: [readNamedFile(cwd, path)] })),
    crls: call.texts('crl').map((path) => readNamedFile(cwd, path)),
    revocation: 'whenPresent',
    dns: dnsOf(call),
    nowMs,
  }
}

function partsOfConfig(call: Call, path: string): StandaloneDoctorParts {
  const { cwd, nowMs } = call.io
  const loaded = loadConfig(gatehouseConfig, readText(cwd, path), path)
  if (!loaded.ok) throw cliError('GH-CLI-CONFIG', loaded.problems.map(formatProblem).join('; '))
  const { federationPeer: section } = loaded.config
  if (section === undefined) throw cliError('GH-CLI-CONFIG', `${path} has no federationPeer: that section says who we are to partners.`)
  // The files are named as the service sees them: relative to where it is started, which is here.
  const read = (file: string): ReturnType<typeof readNamedFile> => readNamedFile(cwd, file)
  return {
    ownName: section.externalEdge.name,
    certificate: read(section.externalEdge.certificate.certFile),
    key: read(section.externalEdge.certificate.keyFile),
    trust: section.trust.filter(({ use }) => use !== 'internal').map(({ name, files }) => ({ name, files: files.map(read) })),
    crls: section.crlFiles.map(read),
    revocation: section.revocation,
    dns: section.dns,
    nowMs,
  }
}

function dnsOf(call: Call): StandaloneDoctorParts['dns'] {
  const defaults = federationPeerConfig.shape.dns.parse({})
  const servers = call.texts('dns')
  return servers.length === 0 ? defaults : { ...defaults, servers: [...servers] }
}

/** Our name towards partners: the first host in our own certificate. */
function nameIn(certificate: ReturnType<typeof readNamedFile>): string {
  const [leaf] = readDerBlocks(certificate, 'certificate').blocks
  const read = leaf === undefined ? undefined : describeCertificate(leaf)
  const name = read === undefined || 'code' in read ? undefined : (read.dns[0] ?? read.sipDomains[0]?.domain)
  if (name === undefined) throw cliError('GH-CLI-FILE', `${certificate.name} names no host.`)
  return name
}

function placeOf(call: Call): { readonly host: string; readonly port: number; readonly serverName: string } | undefined {
  const text = call.text('at')
  if (text === undefined) return undefined
  const target = parseTarget(text)
  if (target.kind !== 'tcp') throw cliError('GH-CLI-USAGE', `--at ${text} is not host:port.`)
  const host = isIP(target.host) === 0 ? normaliseDomain(target.host) : target.host
  if (host === undefined) throw cliError('GH-CLI-USAGE', `--at ${text} is not host:port.`)
  return { host, port: target.port, serverName: call.text('server-name') ?? (isIP(host) === 0 ? host : '') }
}
