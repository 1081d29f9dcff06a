import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export interface EjabberdPlan {
  readonly domain: string
  readonly address: string
  readonly clientPort: number
  readonly serverPort: number
  readonly certificate: CertificateFiles
  readonly folder: string
  /** `address:port` of the only name server that it asks. */
  readonly nameServer: string
  /** Where a component may join (XEP-0114). */
  readonly component?: { readonly port: number; readonly domain: string; readonly secret: string }
}

const DEBIAN_LIBRARIES = '/usr/lib/x86_64-linux-gnu'

/** For `node:test`'s `skip` option: false when ejabberd is there, else the reason. */
export function skipWithoutEjabberd(): string | false {
  if (findTool('ejabberdctl') !== undefined && findTool('erl') !== undefined && existsSync(DEBIAN_LIBRARIES)) return false
  const reason = 'not installed: ejabberd (run test-integration/install-peers.sh)'
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

/**
 * Starts ejabberd on loopback, as an Erlang node without a name: no epmd, no cookie. Whoever logs in is a user, with any password; that saves
 * a database, and is nothing that this side of the test looks at.
 */
export async function startEjabberd(plan: EjabberdPlan): Promise<ManagedProcess> {
  const erl = findTool('erl')
  if (erl === undefined) throw new Error('erl is not installed')
  const path = (name: string): string => join(plan.folder, name)
  mkdirSync(path('spool'), { recursive: true })
  writeFileSync(path('ejabberd.yml'), ejabberdConfig(plan))
  const [host = '', port = ''] = plan.nameServer.split(':')
  // The Erlang resolver is told here whom to ask; /etc/resolv.conf and /etc/hosts are left alone.
  writeFileSync(
    path('inetrc'),
    `{lookup, [dns]}.\n{resolv_conf, ""}.\n{hosts_file, ""}.\n{nameserver, {${host.replaceAll('.', ',')}}, ${port}}.\n{timeout, 2000}.\n`,
  )
  const ports = [plan.clientPort, plan.serverPort, ...(plan.component === undefined ? [] : [plan.component.port])]
  return startProcess({
    name: `ejabberd of ${plan.domain}`,
    command: erl,
    args: ['-noinput', '+K', 'true', '+S', '2', '-mnesia', 'dir', `"${path('spool')}"`, '-s', 'ejabberd'],
    cwd: plan.folder,
    env: {
      HOME: plan.folder,
      ERL_LIBS: DEBIAN_LIBRARIES,
      ERL_INETRC: path('inetrc'),
      ERL_CRASH_DUMP: path('erl_crash.dump'),
      EJABBERD_CONFIG_PATH: path('ejabberd.yml'),
      EJABBERD_LOG_PATH: path('ejabberd-own.log'),
    },
    logFile: path('ejabberd.log'),
    ready: { ports: ports.map((each) => ({ host: plan.address, port: each })) },
    readyTimeoutMs: 40_000,
  })
}

function ejabberdConfig(plan: EjabberdPlan): string {
  const { component } = plan
  return `# Written by the test that started this server.
hosts: ["${plan.domain}"]
loglevel: debug
certfiles: ["${plan.certificate.certFile}", "${plan.certificate.keyFile}"]
s2s_cafile: "${plan.certificate.caFile}"
s2s_use_starttls: required
s2s_timeout: 30
s2s_dns_timeout: 4
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
disable_sasl_mechanisms: ["X-OAUTH2", "SCRAM-SHA-1"]
listen:
  - port: ${plan.clientPort}
    ip: "${plan.address}"
    module: ejabberd_c2s
    starttls: false
  - port: ${plan.serverPort}
    ip: "${plan.address}"
    module: ejabberd_s2s_in
${
  component === undefined
    ? ''
    : `  - port: ${component.port}
    ip: "${plan.address}"
    module: ejabberd_service
    hosts:
      "${component.domain}":
        password: "${component.secret}"
`
}modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_s2s_dialback: {}
`
}
