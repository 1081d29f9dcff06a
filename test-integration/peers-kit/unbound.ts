import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { freePort } from './free-port.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export interface RunningUnbound {
  /** `address:port` as a resolver setting takes it. */
  readonly server: string
  stop(): Promise<void>
}

/** unbound as an authoritative little zone: `records` are lines like `sip.example.org. 60 IN A 127.0.0.1`. */
export function startUnbound(folder: string, records: readonly string[]): Promise<RunningUnbound> {
  return runUnbound(folder, { name: 'unbound', modules: 'iterator', server: localZone('example', records) })
}

/** Lines of a `server:` section: a zone of which nothing else exists than these records. */
export function localZone(zone: string, records: readonly string[]): string[] {
  return [`local-zone: "${zone}." static`, ...records.map((record) => `local-data: "${record}"`)]
}

export interface UnboundPlan {
  /** Of the process. */
  readonly name: string
  readonly modules: string
  /** Further lines of its `server:` section. */
  readonly server: readonly string[]
  /** Further sections, as they are. */
  readonly sections?: string
}

/** unbound on a free port of loopback. */
export async function runUnbound(folder: string, plan: UnboundPlan): Promise<RunningUnbound> {
  const tool = findTool('unbound')
  if (tool === undefined) throw new Error('unbound is not installed')
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const config = join(folder, 'unbound.conf')
  writeFileSync(
    config,
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
  module-config: "${plan.modules}"
  verbosity: 1
${plan.server.map((line) => `  ${line}\n`).join('')}${plan.sections ?? ''}remote-control:
  control-enable: no
`,
  )
  const process: ManagedProcess = await startProcess({
    name: plan.name,
    command: tool,
    args: ['-d', '-p', '-c', config],
    logFile: join(folder, 'unbound.log'),
    ready: { line: /start of service/, ports: [{ host: '127.0.0.1', port }] },
  })
  return { server: `127.0.0.1:${port}`, stop: () => process.stop() }
}
