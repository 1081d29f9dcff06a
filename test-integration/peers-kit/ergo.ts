import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Authority } from '@gatehouse/lab'
import { issueFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { freePorts } from './free-port.ts'
import type { RunningIrcNetwork } from './inspircd.ts'
import { startProcess } from './managed-process.ts'

const HOST = 'irc.example.com'

/** Ergo: accounts of its own, `extended-monitor`, and a memory (draft/chathistory) of what was said to people whose client is away. */
export async function startErgo(folder: string, authority: Authority): Promise<RunningIrcNetwork> {
  mkdirSync(folder, { recursive: true })
  const [port] = (await freePorts(1)) as [number]
  const { certFile, keyFile } = issueFiles(folder, authority, HOST)
  const config = join(folder, 'ergo.yaml')
  writeFileSync(config, ergoConfig(folder, { port, certFile, keyFile }))
  const command = findTool('ergo') as string
  await promisify(execFile)(command, ['initdb', '--conf', config, '--quiet'], { cwd: folder })
  const server = await startProcess({
    name: 'ergo',
    command,
    args: ['run', '--conf', config],
    cwd: folder,
    logFile: join(folder, 'ergo.out'),
    ready: { ports: [{ host: '127.0.0.1', port }] },
  })
  return { host: HOST, port, stop: () => server.stop() }
}

/** `always-on`: an account stays on the network, and is written to, while no client of it is connected. */
function ergoConfig(folder: string, { port, certFile, keyFile }: { port: number; certFile: string; keyFile: string }): string {
  return `network: {name: ErgoTest}
server:
    name: ${HOST}
    listeners:
        "127.0.0.1:${port}":
            tls: {cert: ${certFile}, key: ${keyFile}}
    casemapping: ascii
    enforce-utf8: true
    lookup-hostnames: false
    check-ident: false
    coerce-ident: "~u"
    max-sendq: 1M
    ip-limits: {count: false, throttle: false}
    ip-cloaking: {enabled: false}
accounts:
    authentication-enabled: true
    registration:
        enabled: true
        allow-before-connect: true
        throttling: {enabled: false}
        bcrypt-cost: 4
        verify-timeout: 32h
    login-throttling: {enabled: false}
    nick-reservation: {enabled: true, additional-nick-limit: 0, method: strict}
    multiclient: {enabled: true, allowed-by-default: true, always-on: opt-out, auto-away: disabled}
channels: {default-modes: +nt, registration: {enabled: false}}
logging:
    - {method: stderr, type: "* -userinput -useroutput", level: info}
lock-file: ${join(folder, 'ircd.lock')}
datastore: {path: ${join(folder, 'ircd.db')}, autoupgrade: true}
languages: {enabled: false, default: en}
limits:
    {nicklen: 32, identlen: 20, realnamelen: 150, channellen: 64, awaylen: 390, kicklen: 390, topiclen: 390, monitor-entries: 100, whowas-entries: 100, chan-list-modes: 100, registration-messages: 1024, multiline: {max-bytes: 0, max-lines: 0}}
fakelag: {enabled: false}
history:
    enabled: true
    channel-length: 16
    client-length: 2048
    autoresize-window: 3d
    autoreplay-on-join: 0
    chathistory-maxmessages: 20
    znc-maxmessages: 16
    restrictions: {expire-time: 1w, query-cutoff: none, grace-period: 1h}
    persistent: {enabled: false}
    retention: {allow-individual-delete: false, enable-account-indexing: false}
    tagmsg-storage: {default: false}
`
}
