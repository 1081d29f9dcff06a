import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { freePort } from './free-port.ts'
import { startProcess } from './managed-process.ts'
import type { PeerRack } from './peer-rack.ts'

/** unbound as a validating resolver over a zone that was signed a moment ago; what lies in another zone is not signed. Gives `address:port`. */
export async function startSignedZone(
  rack: PeerRack,
  options: {
    readonly name: string
    readonly zone: string
    readonly records: readonly string[]
    readonly unsigned?: readonly string[]
    readonly unsignedZone?: string
  },
): Promise<string> {
  const tool = findTool('unbound')
  const keygen = findTool('ldns-keygen')
  const sign = findTool('ldns-signzone')
  if (tool === undefined || keygen === undefined || sign === undefined) throw new Error('unbound and ldnsutils have to be installed')
  const { zone, records } = options
  const folder = rack.path(options.name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'zone'),
    `$ORIGIN ${zone}.\n$TTL 60\n@ IN SOA ns.${zone}. root.${zone}. 1 3600 600 86400 60\n@ IN NS ns.${zone}.\nns IN A 127.0.0.1\n${records.join('\n')}\n`,
  )
  execFileSync(keygen, ['-a', 'ECDSAP256SHA256', '-k', zone], { cwd: folder, stdio: 'ignore' })
  const key = readdirSync(folder).find((file) => file.endsWith('.key')) ?? ''
  execFileSync(sign, ['zone', key.slice(0, -'.key'.length)], { cwd: folder, stdio: 'ignore' })
  const port = await freePort()
  const unsigned = options.unsigned ?? []
  writeFileSync(
    join(folder, 'unbound.conf'),
    `server:
  interface: 127.0.0.1
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor-file: "${join(folder, key)}"
  verbosity: 1
${unsigned.length === 0 ? '' : `  local-zone: "${options.unsignedZone ?? 'example'}." static`}
${unsigned.map((record) => `  local-data: "${record}"`).join('\n')}
auth-zone:
  name: "${zone}."
  zonefile: "${join(folder, 'zone.signed')}"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
remote-control:
  control-enable: no
`,
  )
  readFileSync(join(folder, 'zone.signed'))
  const args = ['-d', '-p', '-c', join(folder, 'unbound.conf')]
  const ready = { line: /start of service/, ports: [{ host: '127.0.0.1', port }] }
  rack.add(await startProcess({ name: options.name, command: tool, args, logFile: join(folder, 'unbound.log'), ready }))
  return `127.0.0.1:${port}`
}

/** The data of a TLSA record for the key of a certificate: DANE-EE, its key, SHA-256 (RFC 7671 §5.1). */
export function tlsaOf(certificatePem: string): string {
  const spki = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' })
  return `3 1 1 ${createHash('sha256').update(spki).digest('hex')}`
}
