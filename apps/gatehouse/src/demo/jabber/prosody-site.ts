import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { freePort } from './free-port.ts'
import { JabberClient } from './jabber-client.ts'
import type { JabberOptions, JabberSite } from './jabber-site.ts'
import { TextQueue } from './text-queue.ts'

const START_MS = 8_000
const LOOK_MS = 30
const PASSWORD = 'demo'

/** `tool`: its program. Undefined: it does not start here. */
export async function openProsody(tool: string, options: JabberOptions): Promise<JabberSite | undefined> {
  const { domain, user, address, folder, publish } = options
  const [clientPort, serverPort] = [await freePort(address), await freePort(address)]
  const config = writeFiles(options, clientPort, serverPort)
  publish(serverPort)
  const texts = new TextQueue()
  let server: ChildProcess | undefined
  let client: JabberClient | undefined

  const start = async (): Promise<boolean> => {
    const started = spawn(tool, ['--config', config, '-F'], { stdio: ['ignore', 'pipe', 'pipe'] })
    server = started
    const log = createWriteStream(join(folder, 'prosody.log'), { flags: 'a' })
    started.stdout.pipe(log, { end: false })
    started.stderr.pipe(log, { end: false })
    started.once('error', () => undefined)
    if (!(await isUp(started, address, [clientPort, serverPort]))) return false
    client = await JabberClient.open({ host: address, port: clientPort, domain, user, password: PASSWORD }, (text) => texts.add(text))
    return true
  }
  const goAway = async (): Promise<void> => {
    client?.close()
    const running = server
    server = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await gone
  }
  if (!(await start().catch(() => false))) {
    await goAway()
    return undefined
  }
  return {
    made: 'a real Prosody',
    person: `${user}@${domain}`,
    nextText: () => texts.next(),
    say: async (to, text) => client?.say(to, text),
    goAway,
    comeBack: async () => void (await start()),
    stop: goAway,
  }
}

/** Full path of a Prosody in one of the folders of a PATH. */
export function findProsody(path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, 'prosody')
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not in this folder
    }
  }
  return undefined
}

async function isUp(server: ChildProcess, address: string, ports: readonly number[]): Promise<boolean> {
  const deadlineMs = performance.now() + START_MS
  while (performance.now() < deadlineMs && server.exitCode === null && server.pid !== undefined) {
    if ((await Promise.all(ports.map((port) => accepts(address, port)))).every((accepted) => accepted)) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function writeFiles(
  { domain, user, address, authority, folder, dnsServer }: JabberOptions,
  clientPort: number,
  serverPort: number,
): string {
  const accounts = join(folder, 'data', domain.replaceAll('.', '%2e').replaceAll('-', '%2d'), 'accounts')
  mkdirSync(accounts, { recursive: true })
  writeFileSync(join(accounts, `${user}.dat`), `return { ["password"] = ${JSON.stringify(PASSWORD)}; };\n`)
  const issued = authority.issue({ commonName: domain, dns: [domain] })
  writeFileSync(join(folder, 'jabber.pem'), issued.chainPem)
  writeFileSync(join(folder, 'jabber.key'), issued.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'ca.pem'), authority.certificate.certPem)
  const [dnsHost, dnsPort] = dnsServer.split(':')
  const file = join(folder, 'prosody.cfg.lua')
  writeFileSync(
    file,
    `-- Written by "gatehouse demo". Clients log in without TLS here, which nothing but loopback may ever do.
run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
interfaces = { "${address}" }
c2s_ports = { ${clientPort} }
s2s_ports = { ${serverPort} }
s2s_direct_tls_ports = {}
c2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
component_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "dialback", "disco", "ping", "presence", "message", "iq", "offline", "s2s_auth_certs" }
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
s2s_require_encryption = true
s2s_secure_auth = true
unbound = { resolvconf = false, hoststxt = false, forward = "${dnsHost}@${dnsPort}", options = { ["do-not-query-localhost:"] = "no", ["module-config:"] = "iterator" } }
ssl = { certificate = "${folder}/jabber.pem", key = "${folder}/jabber.key", cafile = "${folder}/ca.pem" }
log = { { levels = { min = "info" }, to = "console" } }
VirtualHost "${domain}"
`,
  )
  return file
}
