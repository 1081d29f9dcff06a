import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TcpChatServer } from '../bridge/tcp-chat.ts'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import type { Member } from './member.ts'
import type { RigDisk } from './rig-disk.ts'
import { type Sites, sitesPolicy } from './sites.ts'
import type { TcpProxy } from './tcp-proxy.ts'

const REPOSITORY = join(import.meta.dirname, '../..')

/** `gatehouse` from source; every process of the rig can have its clock moved. */
export const MAIN: string = join(REPOSITORY, 'apps/gatehouse/src/main.ts')
const FROM_SOURCE = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning'] as const
export const CLI: readonly string[] = [...FROM_SOURCE, MAIN]
export const CLOCKED: readonly string[] = ['--import', join(import.meta.dirname, 'skewed-clock.ts'), ...FROM_SOURCE]

/** A gateway with partners around it, whose every process and wire can be broken. */
export interface Rig {
  readonly name: 'services' | 'up'
  /** What policy and archive keep their state in. */
  readonly database: 'sqlite' | 'postgres'
  readonly sites: Sites
  readonly members: readonly Member[]
  /** Replicas of one kind, which may fail together. */
  readonly pairs: readonly (readonly Member[])[]
  /** Those that commit (in the rig `up`: the only member). */
  readonly archives: readonly Member[]
  /** Wires that faults may cut: to the bus, to the database, to the receivers, from the senders. */
  readonly wires: readonly TcpProxy[]
  /** Of whoever keeps the log (the archive itself, or PostgreSQL) first; then of the bus, and of the others. */
  readonly disks: readonly [RigDisk, ...RigDisk[]]
  /** A public network behind a bridge: inside users and its own write to each other. */
  readonly chat: TcpChatServer | undefined
  /** Ports for senders, one per replica. */
  readonly externalPorts: readonly number[]
  readonly internalPorts: readonly number[]
  /** Control sockets. */
  readonly policySocket: string
  readonly archiveSocket: string
  /** Of those that have an outbox. */
  readonly outboxSockets: readonly string[]
  readonly publicKeyFile: string
}

export interface CliResult {
  readonly status: number | null
  readonly output: string
}

/** A command of the CLI, run to its end. Not `spawnSync`: the wires of the rig live in this process and must go on. */
export async function runCli(rack: PeerRack, ...args: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, [...CLI, ...args], { cwd: rack.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const take = (chunk: Buffer): void => {
    output += chunk.toString('utf8')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, output }
}

export async function applyPolicy(rack: PeerRack, rig: Rig, hasOutbox: boolean): Promise<void> {
  const file = rack.path('policy.yaml')
  const settings = hasOutbox ? { queue: { maxAgeMinutes: 60 } } : {}
  const network = policyDocument('Network', 'chat', { protocol: 'tcpchat', domains: ['chat.example'], enabled: true })
  writeFileSync(file, sitesPolicy(rig.sites, settings) + (rig.chat !== undefined ? network : ''))
  const applied = await runCli(rack, 'apply', '-f', file, '--connect', `unix:${rig.policySocket}`)
  if (applied.status !== 0) throw new Error(`the policy was not applied: ${applied.output}`)
}
