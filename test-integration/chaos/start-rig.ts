import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { ArchiveDisk } from './archive-disk.ts'
import { GIVEN_UP, type Ledger } from './ledger.ts'
import { Member } from './member.ts'
import { applyPolicy, CLOCKED_CLI, type Rig } from './rig.ts'
import { names, type Sites, startSites } from './sites.ts'
import { TcpProxy } from './tcp-proxy.ts'

export interface RigPlan {
  readonly diskMegabytes: number
  /** Policy lets messages wait, and senders are told of those given up in words that the ledger reads. */
  readonly hasOutbox: boolean
}

/** A notice that says which message it is about. */
const TOLD = `"${GIVEN_UP} {reference}"`

interface EdgePorts {
  readonly external: number
  readonly internal: number
}

/** Policy, archive and two replicas of federation-peer as processes of their own over a real nats-server, a wire for each. */
export async function startServicesRig(rack: PeerRack, ledger: Ledger, plan: RigPlan): Promise<Rig> {
  const sites = await startSites(rack, ledger)
  const { nats, natsPort, monitorPort } = await planNats(rack)
  const config = new ConfigWriter(rack, sites, plan.hasOutbox)
  const disk = rack.add(new ArchiveDisk(rack.path('archive/state'), plan.diskMegabytes))
  const publicKeyFile = rack.path('policy/state/policy.db.key.pub')
  const wires: TcpProxy[] = [sites.homeWire, sites.partnerWire]
  const [externalPorts, internalPorts]: [number[], number[]] = [[], []]
  const wire = async (name: string, port: number): Promise<number> => {
    const proxy = rack.add(new TcpProxy(name, port))
    await proxy.start()
    wires.push(proxy)
    return proxy.port
  }
  const service = async (name: string, kind: string): Promise<Member> => {
    const [external, internal] = (await freePorts(2)) as [number, number]
    const server = `127.0.0.1:${await wire(`${name} to nats-server`, natsPort)}`
    const bus = `{ driver: nats, servers: ["${server}"], monitors: ["http://127.0.0.1:${monitorPort}"] }`
    const file = config.write(name, { external, internal }, bus, publicKeyFile)
    if (kind === 'federation-peer') {
      externalPorts.push(await wire(`partners to ${name}`, external))
      internalPorts.push(await wire(`inside to ${name}`, internal))
    }
    return gatehouseMember(rack, name, ['service', kind, '--config', file])
  }
  const policy = await service('policy', 'policy')
  const archive = await service('archive', 'archive')
  const replicas = [await service('federation-peer-0', 'federation-peer'), await service('federation-peer-1', 'federation-peer')]
  const members = [nats, policy, archive, ...replicas]
  const rig: Rig = {
    name: 'services',
    sites,
    members,
    archive,
    wires,
    disk,
    externalPorts,
    internalPorts,
    policySocket: rack.path('policy/.gatehouse/policy.sock'),
    archiveSocket: rack.path('archive/.gatehouse/archive.sock'),
    outboxSockets: replicas.map(({ name }) => rack.path(`${name}/.gatehouse/federation-peer.sock`)),
    publicKeyFile: join(disk.folder, 'archive.db.key.pub'),
  }
  return await startAll(rack, rig, plan.hasOutbox)
}

/** `gatehouse up`: everything in one process, SQLite, the embedded bus. */
export async function startUpRig(rack: PeerRack, ledger: Ledger, plan: RigPlan): Promise<Rig> {
  const sites = await startSites(rack, ledger)
  const [external, internal] = (await freePorts(2)) as [number, number]
  const disk = rack.add(new ArchiveDisk(rack.path('gatehouse/state'), plan.diskMegabytes))
  const file = new ConfigWriter(rack, sites, plan.hasOutbox).write('gatehouse', { external, internal }, '{ driver: embedded }', undefined)
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
    sites,
    members: [gatehouse],
    archive: gatehouse,
    wires,
    disk,
    externalPorts: [(wires[2] as TcpProxy).port],
    internalPorts: [(wires[3] as TcpProxy).port],
    policySocket: socket,
    archiveSocket: socket,
    outboxSockets: [socket],
    publicKeyFile: join(disk.folder, 'archive.db.key.pub'),
  }
  return await startAll(rack, rig, plan.hasOutbox)
}

async function startAll(rack: PeerRack, rig: Rig, hasOutbox: boolean): Promise<Rig> {
  for (const member of rig.members) rack.add(member)
  // The bus first; the edge reads the key that the policy service makes at its first start.
  const isEdge = (member: Member): boolean => member.name.startsWith('federation-peer')
  const isBus = (member: Member): boolean => member.name === 'nats-server'
  await Promise.all(rig.members.filter(isBus).map((member) => member.start()))
  await Promise.all(rig.members.filter((member) => !isBus(member) && !isEdge(member)).map((member) => member.start()))
  await Promise.all(rig.members.filter(isEdge).map((member) => member.start()))
  await applyPolicy(rack, rig, hasOutbox)
  return rig
}

function gatehouseMember(rack: PeerRack, name: string, args: readonly string[]): Member {
  const folder = rack.path(name)
  return new Member(name, folder, {
    command: process.execPath,
    args: [...CLOCKED_CLI, ...args],
    cwd: folder,
    // A process that was killed is back sooner when its code need not be compiled again.
    env: { CHAOS_CLOCK_FILE: join(folder, 'clock'), NODE_COMPILE_CACHE: rack.path('compiled') },
    ready: { line: /control +unix:/ },
  })
}

async function planNats(rack: PeerRack): Promise<{ nats: Member; natsPort: number; monitorPort: number }> {
  const tool = findTool('nats-server')
  if (tool === undefined) throw new Error('nats-server is not installed (run test-integration/install-peers.sh)')
  const [natsPort, monitorPort] = (await freePorts(2)) as [number, number]
  const folder = rack.path('nats-server')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nats.conf')
  writeFileSync(
    file,
    `listen: "127.0.0.1:${natsPort}"\nhttp: "127.0.0.1:${monitorPort}"\njetstream { store_dir: "${folder}/store", sync_interval: always }\n`,
  )
  const ready = { line: /Server is ready/, ports: [{ host: '127.0.0.1', port: natsPort }] }
  return { nats: new Member('nats-server', folder, { command: tool, args: ['-c', file], ready }), natsPort, monitorPort }
}

/** Writes the configuration of each process; certificates and keys are shared by all of them. */
class ConfigWriter {
  readonly #rack: PeerRack
  readonly #sites: Sites
  readonly #external: string
  readonly #internal: string
  readonly #caFile: string
  readonly #tokenKeyFile: string
  readonly #hasOutbox: boolean

  constructor(rack: PeerRack, sites: Sites, hasOutbox: boolean) {
    this.#hasOutbox = hasOutbox
    this.#rack = rack
    this.#sites = sites
    this.#external = this.#pair('external', names.external)
    this.#internal = this.#pair('internal', names.internal)
    this.#caFile = this.#file('ca.pem', sites.caPem)
    this.#tokenKeyFile = this.#file('route-token.key', randomBytes(32).toString('hex'))
  }

  write(name: string, ports: EdgePorts, bus: string, policyKeyFile: string | undefined): string {
    const folder = this.#rack.path(name)
    mkdirSync(folder, { recursive: true })
    return this.#file(
      `${name}/gatehouse.yaml`,
      `stateDir: ${folder}/state
bus: ${bus}
archive: { checkpoint: { everyMs: 2000 } }
outbox: { enabled: ${this.#hasOutbox} }
federationPeer:
  replica: ${name}
  externalEdge: { name: ${names.external}, listen: { address: 127.0.0.1, port: ${ports.external} }, certificate: ${this.#external} }
  internalEdge:
    name: ${names.internal}
    listen: { address: 127.0.0.1, port: ${ports.internal} }
    certificate: ${this.#internal}
    nextHop: { host: ${names.home}, port: ${this.#sites.homeWire.port} }
  trust: [{ name: lab, files: [${this.#caFile}] }]
  dns: { servers: ["${this.#sites.dnsServer}"] }
  routing: { tokenKeyFile: ${this.#tokenKeyFile} }
  archiveTimeoutMs: 3000
  outbox: { notice: { expired: ${TOLD}, failed: ${TOLD}, uncertain: ${TOLD} } }
${policyKeyFile === undefined ? '' : `  policy: { publicKeyFile: ${policyKeyFile} }\n`}  drain: { graceMs: 0, finishMs: 0, closeMs: 0 }
`,
    )
  }

  #pair(name: string, host: string): string {
    const issued = this.#sites.authority.issue({ dns: [host] })
    return `{ certFile: ${this.#file(`${name}.pem`, issued.chainPem)}, keyFile: ${this.#file(`${name}.key`, issued.keyPem)} }`
  }

  #file(name: string, text: string): string {
    const path = this.#rack.path(name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
}
