import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'
import type { Launch, Peer } from './peer.ts'

export interface ProsodyPlan {
  readonly domain: string
  readonly address: string
  readonly clientPort: number
  readonly serverPort: number
  /** Direct TLS for servers (XEP-0368). */
  readonly directPort: number
  /** User → password. */
  readonly users: Readonly<Record<string, string>>
  readonly certificate: CertificateFiles
  readonly folder: string
  /** `address:port` of the only name server that it asks. */
  readonly nameServer: string
  /** Takes servers without a good certificate after dialback. */
  readonly allowsDialback?: boolean
  readonly hasBidi?: boolean
  /** Least level that is logged; default: debug, for tests. */
  readonly logLevel?: 'debug' | 'warn'
  /** Domains that it hands over to components, with their secrets (XEP-0114). */
  readonly components?: { readonly port: number; readonly secrets: Readonly<Record<string, string>> }
}

/** Writes the configuration and starts Prosody as a process; returns when its ports accept. */
export function startProsody(plan: ProsodyPlan): Promise<ManagedProcess> {
  return launchProsody(plan, startProcess)
}

/** The same by another launcher. */
export async function launchProsody<T extends Peer>(plan: ProsodyPlan, launch: Launch<T>): Promise<T> {
  const tool = findTool('prosody')
  if (tool === undefined) throw new Error('prosody is not installed')
  const data = join(plan.folder, 'data')
  const accounts = join(data, plan.domain.replaceAll('.', '%2e').replaceAll('-', '%2d'), 'accounts')
  mkdirSync(accounts, { recursive: true })
  for (const [user, password] of Object.entries(plan.users)) {
    writeFileSync(join(accounts, `${user}.dat`), `return { ["password"] = ${JSON.stringify(password)}; };\n`)
  }
  const config = join(plan.folder, 'prosody.cfg.lua')
  writeFileSync(config, prosodyConfig(plan, data))
  const ports = [plan.clientPort, plan.serverPort, plan.directPort, ...(plan.components === undefined ? [] : [plan.components.port])]
  return launch({
    name: `prosody of ${plan.domain}`,
    command: tool,
    args: ['--config', config, '-F'],
    logFile: join(plan.folder, 'prosody.log'),
    ready: { ports: ports.map((port) => ({ host: plan.address, port })) },
  })
}

function prosodyConfig(plan: ProsodyPlan, data: string): string {
  const [host, port] = plan.nameServer.split(':')
  const { components } = plan
  const modules = [
    'roster',
    'saslauth',
    'tls',
    'dialback',
    'disco',
    'ping',
    'presence',
    'message',
    'iq',
    'offline',
    's2s_auth_certs',
    'smacks',
    'carbons',
  ]
  if (plan.hasBidi === true) modules.push('s2s_bidi')
  return `-- Written by the test that started this server.
run_as_root = true
daemonize = false
pidfile = "${plan.folder}/prosody.pid"
data_path = "${data}"
interfaces = { "${plan.address}" }
c2s_ports = { ${plan.clientPort} }
s2s_ports = { ${plan.serverPort} }
s2s_direct_tls_ports = { ${plan.directPort} }
c2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
component_ports = { ${components?.port ?? ''} }
component_interfaces = { "${plan.address}" }
modules_enabled = { ${modules.map((name) => `"${name}"`).join(', ')} }
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
s2s_require_encryption = true
s2s_secure_auth = ${plan.allowsDialback === true ? 'false' : 'true'}
unbound = { resolvconf = false, hoststxt = false, forward = "${host}@${port}", options = { ["do-not-query-localhost:"] = "no", ["module-config:"] = "iterator" } }
ssl = { certificate = "${plan.certificate.certFile}", key = "${plan.certificate.keyFile}", cafile = "${plan.certificate.caFile}" }
log = { { levels = { min = "${plan.logLevel ?? 'debug'}" }, to = "console" } }
VirtualHost "${plan.domain}"
${Object.entries(components?.secrets ?? {})
  .map(([domain, secret]) => `Component "${domain}"\n  component_secret = "${secret}"\n`)
  .join('')}`
}
