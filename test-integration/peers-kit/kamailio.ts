import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { type KamailioPlan, kamailioConfig, kamailioTlsFile } from './kamailio-config.ts'
import { startProcess } from './managed-process.ts'
import type { Launch, Peer } from './peer.ts'

const PRESENCE_TABLES = ['version', 'presentity', 'active_watchers', 'watchers', 'xcap']
const DEBIAN_TABLES = '/usr/share/kamailio/dbtext/kamailio'
/** So long that no entry of the name table runs out during a test. */
const NAME_TTL_S = 86_400

/** A running Kamailio. */
export class Kamailio {
  readonly plan: KamailioPlan
  readonly process: Peer

  constructor(plan: KamailioPlan, process: Peer) {
    this.plan = plan
    this.process = process
  }

  /**
   * Puts host → IPv4 addresses into Kamailio's own DNS cache, replacing what was there.
   * This is how it learns where `gate.host` is without a change to the machine's resolver.
   */
  setHost(host: string, addresses: readonly string[]): void {
    this.rpc('dns.delete_a', host)
    // Kamailio holds one address per added record and tries them in order when one does not answer.
    for (const address of addresses) this.rpc('dns.add_a', host, String(NAME_TTL_S), address, '0')
  }

  /** One command over its control socket; the answer as text. */
  rpc(command: string, ...args: readonly string[]): string {
    const tool = findTool('kamcmd')
    if (tool === undefined) throw new Error('kamcmd is not installed')
    const run = spawnSync(tool, ['-s', `unixs:${this.plan.folder}/ctl`, command, ...args], { encoding: 'utf8' })
    return run.stdout + run.stderr
  }

  /** What sipdump wrote so far, in the order of the file names. */
  trace(): string {
    return readdirSync(this.plan.folder)
      .filter((file) => file.startsWith('kamailio-sipdump') && file.endsWith('.data'))
      .sort()
      .map((file) => readFileSync(join(this.plan.folder, file), 'utf8'))
      .join('')
  }

  stop(): Promise<void> {
    return this.process.stop()
  }
}

/** Writes the configuration, starts Kamailio, and returns when its listeners accept. */
export async function startKamailio(plan: KamailioPlan, launch: Launch = startProcess): Promise<Kamailio> {
  const tool = findTool('kamailio')
  if (tool === undefined) throw new Error('kamailio is not installed')
  mkdirSync(join(plan.folder, 'presence'), { recursive: true })
  if (plan.hasPresence === true)
    for (const table of PRESENCE_TABLES) copyFileSync(join(DEBIAN_TABLES, table), join(plan.folder, 'presence', table))
  writeFileSync(join(plan.folder, 'kamailio.cfg'), kamailioConfig(plan))
  writeFileSync(join(plan.folder, 'tls.cfg'), kamailioTlsFile(plan))
  const started = await launch({
    name: `kamailio of ${plan.domain}`,
    command: tool,
    args: ['-DD', '-E', '-m', '64', '-M', '8', '-Y', plan.folder, '-w', plan.folder, '-f', join(plan.folder, 'kamailio.cfg')],
    logFile: join(plan.folder, 'kamailio.log'),
    ready: {
      ports: [
        { host: plan.tls.address, port: plan.tls.port },
        { host: plan.users.address, port: plan.users.port },
      ],
    },
  })
  return new Kamailio(plan, started)
}
