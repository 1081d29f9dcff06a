import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../peers-kit/free-port.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { ArchiveDisk } from './archive-disk.ts'
import { ConfigWriter, SQLITE_STORES } from './config-writer.ts'
import type { Ledger } from './ledger.ts'
import { Member } from './member.ts'
import { applyPolicy, CLOCKED, MAIN, type Rig } from './rig.ts'
import { type DiskKind, diskOf } from './rig-disk.ts'
import { type StandBefore, startSites } from './sites.ts'
import { TcpProxy } from './tcp-proxy.ts'

export interface RigPlan {
  readonly database: Rig['database']
  readonly disk: DiskKind
  readonly diskMegabytes: number
  /** Policy lets messages wait, and senders are told of those given up in words that the ledger reads. */
  readonly hasOutbox: boolean
  /** Two replicas of public-im-bridge and a network behind them; not with `up`. */
  readonly hasBridge: boolean
  readonly standBefore: StandBefore | undefined
}

/** `gatehouse up`: everything in one process, SQLite, the embedded bus. */
export async function startUpRig(rack: PeerRack, ledger: Ledger, plan: RigPlan): Promise<Rig> {
  const sites = await startSites(rack, ledger, plan.standBefore)
  const [external, internal] = (await freePorts(2)) as [number, number]
  const state = rack.path('gatehouse/state')
  mkdirSync(state, { recursive: true })
  const mounted = plan.disk === 'tmpfs' ? rack.add(new ArchiveDisk(state, plan.diskMegabytes)) : undefined
  const file = new ConfigWriter(rack, sites, plan.hasOutbox).write('gatehouse', {
    ports: { external, internal },
    bus: '{ driver: embedded }',
    stores: SQLITE_STORES,
  })
  const gatehouse = gatehouseMember(rack, 'gatehouse', ['up', '--config', file])
  const wires = [sites.homeWire, sites.partnerWire]
  for (const [name, port] of [['partners to gatehouse', external] as const, ['inside to gatehouse', internal] as const]) {
    const proxy = rack.add(new TcpProxy(name, port))
    await proxy.start()
    wires.push(proxy)
  }
  const socket = rack.path('gatehouse/.gatehouse/control.sock')
  const rig: Rig = {
    name: 'up',
    database: 'sqlite',
    sites,
    members: [gatehouse],
    chat: undefined,
    pairs: [],
    archives: [gatehouse],
    wires,
    disks: [diskOf(gatehouse, mounted)],
    externalPorts: [(wires[2] as TcpProxy).port],
    internalPorts: [(wires[3] as TcpProxy).port],
    policySocket: socket,
    archiveSocket: socket,
    outboxSockets: [socket],
    publicKeyFile: join(state, 'archive.db.key.pub'),
  }
  return await startAll(rack, rig, plan.hasOutbox)
}

/** Starts what does not run yet, in an order in which each finds what it needs, and applies the policy. */
export async function startAll(rack: PeerRack, rig: Rig, hasOutbox: boolean): Promise<Rig> {
  for (const member of rig.members) if (member.pid <= 0) rack.add(member)
  // The bus first; the edge reads the key that the policy service makes at its first start. The first replica of a kind makes the
  // keys and tables that the second finds.
  const isRunning = (member: Member): boolean => member.pid > 0
  const isEdge = ({ name }: Member): boolean => name.startsWith('federation-peer') || name.startsWith('bridge')
  const isSecond = (member: Member): boolean => rig.pairs.some((pair) => pair.indexOf(member) > 0)
  const startWhere = async (is: (member: Member) => boolean): Promise<void> => {
    await Promise.all(rig.members.filter((member) => !isRunning(member) && is(member)).map((member) => member.start()))
  }
  await startWhere((member) => member.name === 'nats-server')
  await startWhere((member) => !isEdge(member) && !isSecond(member))
  await startWhere((member) => !isEdge(member))
  await startWhere(isEdge)
  await applyPolicy(rack, rig, hasOutbox)
  return rig
}

export function gatehouseMember(rack: PeerRack, name: string, args: readonly string[]): Member {
  return nodeMember(rack, name, [MAIN, ...args], /control +unix:/)
}

/** A script of ours in a process whose clock can be moved. */
export function nodeMember(rack: PeerRack, name: string, args: readonly string[], ready: RegExp): Member {
  const folder = rack.path(name)
  return new Member(name, folder, {
    command: process.execPath,
    args: [...CLOCKED, ...args],
    cwd: folder,
    // A process that was killed is back sooner when its code need not be compiled again.
    env: { CHAOS_CLOCK_FILE: join(folder, 'clock'), NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? rack.path('compiled') },
    ready: { line: ready },
  })
}
