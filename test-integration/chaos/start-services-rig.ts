import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TcpChatServer } from '../bridge/tcp-chat.ts'
import { findTool } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { ArchiveDisk } from './archive-disk.ts'
import { ConfigWriter, SQLITE_STORES } from './config-writer.ts'
import { type Database, startDatabase } from './database-member.ts'
import type { Ledger } from './ledger.ts'
import { Member } from './member.ts'
import type { Rig } from './rig.ts'
import { diskOf, diskOfBus } from './rig-disk.ts'
import { CHAT_USERS, startSites } from './sites.ts'
import { gatehouseMember, nodeMember, type RigPlan, startAll } from './start-rig.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** Buckets, and what waits in the outbox. */
const NATS_DISK_MEGABYTES = 96
const BRIDGE_MEMBER = join(import.meta.dirname, 'bridge-member.ts')

/**
 * Every service a process of its own over a real nats-server, with a wire for each, and two replicas of federation-peer. With SQLite
 * one policy and one archive; with PostgreSQL two of each, over a real server, and a wire from each to it.
 */
export async function startServicesRig(rack: PeerRack, ledger: Ledger, plan: RigPlan): Promise<Rig> {
  const sites = await startSites(rack, ledger, plan.standBefore)
  // Servers first: what opens a port that the system chooses must not take theirs.
  const { nats, natsPort, monitorPort, natsDisk } = await startNats(rack, plan.disk)
  const config = new ConfigWriter(rack, sites, plan.hasOutbox)
  const wires: TcpProxy[] = [sites.homeWire, sites.partnerWire]
  const wire = async (name: string, port: number): Promise<number> => {
    const proxy = rack.add(new TcpProxy(name, port))
    await proxy.start()
    wires.push(proxy)
    return proxy.port
  }
  const isShared = plan.database === 'postgres'
  const diskFolder = isShared ? rack.path('postgres') : rack.path('archive/state')
  mkdirSync(diskFolder, { recursive: true })
  const mounted = plan.disk === 'tmpfs' ? rack.add(new ArchiveDisk(diskFolder, plan.diskMegabytes)) : undefined
  const database = isShared ? await startDatabase(rack, diskFolder, ['policy', 'archive']) : undefined
  const keys = isShared
    ? { policy: `${rack.path('policy.signing')}.pub`, archive: `${rack.path('archive.signing')}.pub` }
    : { policy: rack.path('policy/state/policy.db.key.pub'), archive: rack.path('archive/state/archive.db.key.pub') }
  const [externalPorts, internalPorts]: [number[], number[]] = [[], []]

  const service = async (name: string, kind: string): Promise<Member> => {
    const [external, internal] = (await freePorts(2)) as [number, number]
    const server = `127.0.0.1:${await wire(`${name} to nats-server`, natsPort)}`
    const bus = `{ driver: nats, servers: ["${server}"], monitors: ["http://127.0.0.1:${monitorPort}"] }`
    const stores =
      database === undefined || kind === 'federation-peer'
        ? SQLITE_STORES
        : sharedStores(rack, name, database, await wire(`${name} to postgres`, database.port))
    const file = config.write(name, { ports: { external, internal }, bus, policyKeyFile: keys.policy, stores })
    if (kind === 'federation-peer') {
      externalPorts.push(await wire(`partners to ${name}`, external))
      internalPorts.push(await wire(`inside to ${name}`, internal))
    }
    return gatehouseMember(rack, name, ['service', kind, '--config', file])
  }
  const replicasOf = async (kind: string, isPair: boolean): Promise<Member[]> =>
    isPair ? [await service(`${kind}-0`, kind), await service(`${kind}-1`, kind)] : [await service(kind, kind)]
  const policies = await replicasOf('policy', isShared)
  const archives = await replicasOf('archive', isShared)
  const edges = await replicasOf('federation-peer', true)
  const chat = plan.hasBridge ? new TcpChatServer((text) => ledger.delivered(text)) : undefined
  const bridges = chat === undefined ? [] : await planBridges(rack, chat, { natsPort, keyFile: keys.policy, wire })
  const [policy, archive] = [policies[0] as Member, archives[0] as Member]
  const logKeeper = database?.member ?? archive
  const socketOf = ({ name }: Member, kind: string): string => rack.path(`${name}/.gatehouse/${kind}.sock`)
  const rig: Rig = {
    name: 'services',
    database: plan.database,
    sites,
    members: [nats, ...(database === undefined ? [] : [database.member]), ...policies, ...archives, ...edges, ...bridges],
    chat,
    pairs: [policies, archives, edges, bridges].filter((replicas) => replicas.length > 1),
    archives,
    wires,
    disks: [
      diskOf(logKeeper, mounted),
      diskOfBus(nats, natsDisk),
      // the others keep nothing that a mount of theirs would hold: they may write no file at all then
      ...[...policies, ...archives, ...edges, ...bridges]
        .filter((member) => member !== logKeeper)
        .map((member) => diskOf(member, undefined)),
    ],
    externalPorts,
    internalPorts,
    policySocket: socketOf(policy, 'policy'),
    archiveSocket: socketOf(archive, 'archive'),
    outboxSockets: edges.map((edge) => socketOf(edge, 'federation-peer')),
    publicKeyFile: keys.archive,
  }
  return await startAll(rack, rig, plan.hasOutbox)
}

interface BridgePlan {
  readonly natsPort: number
  readonly keyFile: string
  readonly wire: (name: string, port: number) => Promise<number>
}

/** Two replicas of the bridge, a wire from each to the bus, and one from both to the network. */
async function planBridges(rack: PeerRack, chat: TcpChatServer, { natsPort, keyFile, wire }: BridgePlan): Promise<Member[]> {
  const chatPort = await wire('bridge to chat.example', await chat.start())
  rack.onStop(() => chat.stop())
  const bridges: Member[] = []
  for (const name of ['bridge-0', 'bridge-1']) {
    const server = `127.0.0.1:${await wire(`${name} to nats-server`, natsPort)}`
    bridges.push(nodeMember(rack, name, [BRIDGE_MEMBER, server, name, keyFile, String(chatPort), ...CHAT_USERS], /bridge ready/))
  }
  return bridges
}

/** Sections of policy and archive for one process: its own wire to the database, keys shared by the replicas. */
function sharedStores(rack: PeerRack, name: string, database: Database, port: number): string {
  const urlFile = (of: string): string => {
    const file = rack.path(`${name}.${of}.url`)
    writeFileSync(file, database.url(of, port), { mode: 0o600 })
    return file
  }
  return `policy: { postgres: { urlFile: ${urlFile('policy')} }, signingKeyFile: ${rack.path('policy.signing')} }
archive: { postgres: { urlFile: ${urlFile('archive')} }, signingKeyFile: ${rack.path('archive.signing')}, checkpoint: { everyMs: 2000 } }`
}

interface StartedNats {
  readonly nats: Member
  readonly natsPort: number
  readonly monitorPort: number
  readonly natsDisk: ArchiveDisk | undefined
}

async function startNats(rack: PeerRack, disk: RigPlan['disk']): Promise<StartedNats> {
  const tool = findTool('nats-server')
  if (tool === undefined) throw new Error('nats-server is not installed (run test-integration/install-peers.sh)')
  const [natsPort, monitorPort] = (await freePorts(2)) as [number, number]
  const folder = rack.path('nats-server')
  const natsDisk = disk === 'tmpfs' ? rack.add(new ArchiveDisk(join(folder, 'store'), NATS_DISK_MEGABYTES)) : undefined
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nats.conf')
  writeFileSync(
    file,
    `listen: "127.0.0.1:${natsPort}"\nhttp: "127.0.0.1:${monitorPort}"\njetstream { store_dir: "${folder}/store", sync_interval: always }\n`,
  )
  const ready = { line: /Server is ready/, ports: [{ host: '127.0.0.1', port: natsPort }] }
  const nats = rack.add(new Member('nats-server', folder, { command: tool, args: ['-c', file], ready }))
  await nats.start()
  return { nats, natsPort, monitorPort, natsDisk }
}
