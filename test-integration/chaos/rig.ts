import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import type { ArchiveDisk } from './archive-disk.ts'
import type { Member } from './member.ts'
import { POLICY, type Sites } from './sites.ts'
import type { TcpProxy } from './tcp-proxy.ts'

const REPOSITORY = join(import.meta.dirname, '../..')

/** `gatehouse` from source; every process of the rig can have its clock moved. */
export const CLI: readonly string[] = [
  '--conditions=@gatehouse/source',
  '--disable-warning=ExperimentalWarning',
  join(REPOSITORY, 'apps/gatehouse/src/main.ts'),
]
export const CLOCKED_CLI: readonly string[] = ['--import', join(import.meta.dirname, 'skewed-clock.ts'), ...CLI]

/** A gateway with partners around it, whose every process and wire can be broken. */
export interface Rig {
  readonly name: 'services' | 'up'
  readonly sites: Sites
  /** By name; `archive` is the one that holds the log (in the rig `up`: the only one). */
  readonly members: readonly Member[]
  readonly archive: Member
  /** Wires that faults may cut: to the bus, to the receivers, from the senders. */
  readonly wires: readonly TcpProxy[]
  readonly disk: ArchiveDisk
  /** Ports for senders, one per replica. */
  readonly externalPorts: readonly number[]
  readonly internalPorts: readonly number[]
  /** Control sockets. */
  readonly policySocket: string
  readonly archiveSocket: string
  readonly publicKeyFile: string
}

export interface CliResult {
  readonly status: number | null
  readonly output: string
}

/** A command of the CLI, run to its end. */
export function runCli(rack: PeerRack, ...args: readonly string[]): CliResult {
  const ran = spawnSync(process.execPath, [...CLI, ...args], { cwd: rack.folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return { status: ran.status, output: ran.stdout + ran.stderr }
}

export function applyPolicy(rack: PeerRack, rig: Rig): void {
  const file = rack.path('policy.yaml')
  writeFileSync(file, POLICY.replace('PORT', String(rig.sites.partnerWire.port)))
  const applied = runCli(rack, 'apply', '-f', file, '--connect', `unix:${rig.policySocket}`)
  if (applied.status !== 0) throw new Error(`the policy was not applied: ${applied.output}`)
}
