import type { KeyObject } from 'node:crypto'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import type { Bus } from '@gatehouse/bus'
import { errorsOf } from '@gatehouse/errors'
import { LiveHandlers } from '@gatehouse/live-events'
import { Outboxes } from '@gatehouse/outbox'
import type { LocalArchiveCalls } from '@gatehouse/policy'
import { observeSnapshots, readPublicKey, SnapshotFollower } from '@gatehouse/policy-follow'
import {
  ArchiveService,
  BridgeService,
  FactsService,
  LiveService,
  OutboxService,
  PeeringService,
  PolicyAdminService,
  PolicyDecisionService,
} from '@gatehouse/proto'
import { guardService, type RpcHandlers, type RpcServer, type RpcService } from '@gatehouse/rpc'
import type { Health, HealthCheck, Logger, MetricsRegistry, Tracer } from '@gatehouse/telemetry'
import { observeProcess, silentTracer } from '@gatehouse/telemetry'
import { VERSION } from '../commands/version.ts'
import { CONTROL_SOCKET } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { readText } from '../read-text.ts'
import { type CallNeeds, ControlAccess, callNeeds } from './control-access.ts'
import { createControlServer } from './control-server.ts'
import type { GatehouseConfig } from './gatehouse-config.ts'
import { isOutboxOn } from './open-bus.ts'
import { healthOfParts, type Part, startParts, stopParts } from './parts.ts'
import { loadServiceCode, type ServiceCode, type ServiceName } from './service-code.ts'
import { prepareStateFolder } from './state-folder.ts'
import { pauseFor, whenPossible } from './when-possible.ts'

const cliError = errorsOf(cliCodes)

export interface Place {
  readonly address: string
  readonly port: number
}

export interface GatewayAddresses {
  readonly external: Place | undefined
  readonly internal: Place | undefined
  /** What `--connect` takes. */
  readonly control: string
}

/** Services of one process, started and stopped as one. */
export interface Gateway {
  /** Rejects with a code when a file, key or address is of no use; what had started is stopped again. */
  start(): Promise<GatewayAddresses>
  /** Drains from the edge inwards. */
  stop(): Promise<void>
  health(): Health
}

export interface GatewayDeps {
  /** Closed at `stop`. */
  readonly bus: Bus
  readonly log: Logger
  readonly metrics: MetricsRegistry
  /** Databases and buckets that are away are waited for until this is aborted; without it their absence ends the start. */
  readonly patience?: AbortSignal
  /** Of each service; absent: nothing is traced. */
  readonly tracer?: (service: string, replica: string) => Tracer
  /** Connectors of public-im-bridge; the shipped ones when not given. */
  readonly connectors?: readonly ConnectorFactory<never>[]
}

/** How long calls of the command line may take to end at a stop. */
const CONTROL_GRACE_MS = 200
/** A Secret that is mounted is replaced within a minute or two; asking more often finds nothing sooner. */
const CONTROL_FILES_MS = 30_000
const BUS_GRACE_MS = 1_000

const ALL: readonly ServiceName[] = ['policy', 'archive', 'federation-peer', 'public-im-bridge']

/** Puts the services of one process together around the bus. Nothing runs before `start`. */
export async function buildGateway(config: GatehouseConfig, deps: GatewayDeps, services: readonly ServiceName[] = ALL): Promise<Gateway> {
  prepareStateFolder(config.stateDir, services)
  return new OneProcess(config, deps, services, await loadServiceCode(services))
}

/** Each kind of process has a socket of its own, so that services beside each other do not fight for one. */
function defaultControlAddress(services: readonly ServiceName[]): string {
  return `unix:${services.length === 1 ? join(dirname(CONTROL_SOCKET), `${services[0]}.sock`) : CONTROL_SOCKET}`
}

class OneProcess implements Gateway {
  readonly #config: GatehouseConfig
  readonly #deps: GatewayDeps
  readonly #bus: Bus
  readonly #rpc: RpcServer
  readonly #access: ControlAccess
  readonly #followControlFiles: () => void
  readonly #parts: Part[] = []
  readonly #followers = new Map<string, SnapshotFollower>()
  #edges: { external: Place; internal: Place } | undefined
  /** What the start is waiting for. */
  #waiting: HealthCheck | undefined
  #isStarted = false
  #control: string
  #snapshotKey: () => KeyObject
  /** Undefined: nothing waits. */
  #outboxes: Outboxes | undefined
  /** The archive of this process, for explaining and simulating. */
  #archive: LocalArchiveCalls | undefined

  constructor(config: GatehouseConfig, deps: GatewayDeps, services: readonly ServiceName[], code: ServiceCode) {
    this.#config = config
    this.#deps = deps
    this.#bus = deps.bus
    this.#control = config.control.listen ?? defaultControlAddress(services)
    this.#snapshotKey = () => fileKey(config.federationPeer?.policy.publicKeyFile)
    const { rpc, followFiles } = createControlServer(
      { ...config.control, listen: this.#control },
      { log: deps.log, tracer: this.#tracer('control', hostname()), isServing: () => this.health().isReady },
    )
    this.#rpc = rpc
    this.#access = new ControlAccess(config.control.access)
    this.#followControlFiles = followFiles
    this.#parts.push({ name: 'bus', start: async () => {}, stop: () => this.#bus.close(BUS_GRACE_MS) })
    if (code.policy !== undefined) this.#addPolicy(code.policy)
    if (code.archive !== undefined) this.#addArchive(code.archive)
    if (isOutboxOn(config, services)) this.#outboxes = this.#addOutboxes()
    if (code.federationPeer !== undefined) this.#addFederationPeer(code.federationPeer)
    if (code.publicImBridge !== undefined) this.#addPublicImBridge(code.publicImBridge, services)
    this.#addControl()
    this.#addMeasures(services)
  }

  async start(): Promise<GatewayAddresses> {
    await startParts(this.#parts, this.#deps.log)
    this.#isStarted = true
    return { external: this.#edges?.external, internal: this.#edges?.internal, control: this.#control }
  }

  async stop(): Promise<void> {
    await stopParts(this.#parts, this.#deps.log)
  }

  health(): Health {
    const all = healthOfParts(this.#parts)
    if (this.#isStarted) return all
    return { ...all, isReady: false, checks: [...all.checks, this.#waiting ?? { name: 'starting', isOk: false, detail: 'starting' }] }
  }

  /** Tried again while the server that it needs is away. Only for starts that leave nothing behind when they fail. */
  #patient(name: string, isRemote: boolean, start: () => Promise<void>): () => Promise<void> {
    const { patience, log } = this.#deps
    if (patience === undefined || !isRemote) return start
    const onWaiting = (check: HealthCheck | undefined): void => {
      this.#waiting = check
    }
    return () => whenPossible(name, start, { log, stop: patience, onWaiting, pause: pauseFor })
  }

  #tracer(service: string, replica: string): Tracer {
    return this.#deps.tracer?.(service, replica) ?? silentTracer
  }

  #depsOf(part: string): { bus: Bus; log: Logger; metrics: MetricsRegistry } {
    return { bus: this.#bus, log: this.#deps.log.child({ part }), metrics: this.#deps.metrics }
  }

  /** Services without a list of callers of their own. */
  #addGuarded<S extends RpcService>(service: S, handlers: RpcHandlers<S>, needs: CallNeeds<S>): void {
    this.#rpc.add(service, guardService(service, handlers, this.#access.checkOf<S>(needs)))
  }

  #addPolicy({ buildPolicyService }: NonNullable<ServiceCode['policy']>): void {
    const { policy: section, stateDir } = this.#config
    const service = buildPolicyService(
      { ...section, databaseFile: section.databaseFile ?? join(stateDir, 'policy.db') },
      { ...this.#depsOf('policy'), archive: () => this.#archive },
    )
    if (this.#config.federationPeer?.policy.publicKeyFile === undefined) this.#snapshotKey = () => readPublicKey(service.publicKeyPem())
    this.#parts.push({
      name: 'policy',
      start: this.#patient('policy database', section.postgres !== undefined, () => service.start()),
      stop: () => service.stop(),
      health: () => service.health(),
    })
    this.#rpc.add(PolicyAdminService, service.admin).add(PolicyDecisionService, service.decision).add(FactsService, service.facts)
  }

  #addArchive({ buildArchiveService }: NonNullable<ServiceCode['archive']>): void {
    const { archive: section, stateDir } = this.#config
    const service = buildArchiveService(
      { ...section, databaseFile: section.databaseFile ?? join(stateDir, 'archive.db') },
      { ...this.#depsOf('archive'), tracer: this.#tracer('archive', hostname()) },
    )
    this.#parts.push({ name: 'archive', start: () => service.start(), stop: () => service.stop(), health: () => service.health() })
    this.#archive = service.handlers
    this.#rpc.add(ArchiveService, service.calls)
  }

  /** One for all ports of the process; a service opens its own when it starts. */
  #addOutboxes(): Outboxes {
    const { maxPerDestination } = this.#config.outbox
    const outboxes = new Outboxes({ ...this.#depsOf('outbox'), options: { maxPerDestination } })
    this.#parts.push({ name: 'outbox', start: async () => {}, stop: async () => outboxes.close() })
    this.#addGuarded(OutboxService, outboxes, callNeeds.outbox)
    return outboxes
  }

  #addFederationPeer({ buildFederationPeer }: NonNullable<ServiceCode['federationPeer']>): void {
    const section = this.#config.federationPeer
    if (section === undefined) throw cliError('GH-CLI-CONFIG', 'federationPeer is needed to run that service.')
    const deps = this.#depsOf('federation-peer')
    const follower = new SnapshotFollower({
      bus: this.#bus,
      publicKeys: [this.#snapshotKey()],
      service: 'federation-peer',
      replica: section.replica,
      log: deps.log,
      nowMs: Date.now,
      maxStalenessMs: section.policy.maxStalenessMs,
    })
    const service = buildFederationPeer(section, {
      ...deps,
      tracer: this.#tracer('federation-peer', section.replica),
      policy: follower,
      outboxes: this.#outboxes,
    })
    this.#followers.set('federation-peer', follower)
    this.#parts.push(this.#followerPart('snapshot-follower', follower))
    const start = async (): Promise<void> => {
      this.#edges = await service.start()
    }
    this.#parts.push({ name: 'federation-peer', start, stop: () => service.stop(), health: () => service.health() })
    this.#addGuarded(PeeringService, service.peering, callNeeds.peering)
  }

  /** A small office without public networks has no bridge; a process that is to be one has to have it. */
  #addPublicImBridge(
    { buildPublicImBridge, connectors, readSealKey }: NonNullable<ServiceCode['publicImBridge']>,
    services: readonly ServiceName[],
  ): void {
    const section = this.#config.publicImBridge
    if (section === undefined) {
      if (services.length === 1) throw cliError('GH-CLI-CONFIG', 'publicImBridge is needed to run that service.')
      return
    }
    const deps = this.#depsOf('public-im-bridge')
    const { publicKeyFile, maxStalenessMs } = section.policy
    const follower = new SnapshotFollower({
      bus: this.#bus,
      publicKeys: [publicKeyFile === undefined ? this.#snapshotKey() : fileKey(publicKeyFile)],
      service: 'public-im-bridge',
      replica: section.replica,
      log: deps.log,
      nowMs: Date.now,
      maxStalenessMs,
    })
    // a key that is made here is of no use to other replicas
    const sealKey = readSealKey(section.sealKeyFile ?? join(this.#config.stateDir, 'bridge.key'), section.sealKeyFile === undefined)
    const service = buildPublicImBridge(section, {
      ...deps,
      tracer: this.#tracer('public-im-bridge', section.replica),
      policy: follower,
      connectors: this.#deps.connectors ?? connectors,
      sealKey,
      outboxes: this.#outboxes,
    })
    this.#followers.set('public-im-bridge', follower)
    this.#parts.push(this.#followerPart('bridge-snapshot-follower', follower))
    this.#parts.push({ name: 'public-im-bridge', start: () => service.start(), stop: () => service.stop(), health: () => service.health() })
    this.#addGuarded(BridgeService, service.handlers, callNeeds.bridge)
  }

  #followerPart(name: string, follower: SnapshotFollower): Part {
    const clock = (): Health => ({ isLive: true, isReady: true, checks: [follower.clockCheck()] })
    const start = this.#patient('policy bucket', this.#config.bus.driver === 'nats', () => follower.start())
    return { name, start, stop: () => follower.stop(), health: clock }
  }

  #addControl(): void {
    const { bus, log } = this.#depsOf('live')
    this.#addGuarded(LiveService, new LiveHandlers({ bus, log, every: everyInterval }), callNeeds.live)
    let unfollow = (): void => {}
    const start = async (): Promise<void> => {
      this.#control = await this.#rpc.start()
      unfollow = everyInterval(CONTROL_FILES_MS, this.#followControlFiles)
    }
    const stop = async (): Promise<void> => {
      unfollow()
      await this.#rpc.stop(CONTROL_GRACE_MS)
    }
    this.#parts.push({ name: 'control', start, stop })
  }

  #addMeasures(services: readonly ServiceName[]): void {
    if (this.#config.telemetry.health === undefined) return
    const { metrics } = this.#deps
    const service = services.length === 1 ? (services[0] ?? 'gatehouse') : 'gatehouse'
    const stop = observeProcess(metrics, { service, version: VERSION, health: () => this.health() })
    if (this.#followers.size > 0) observeSnapshots(metrics, this.#followers, Date.now)
    // the last to end
    this.#parts.unshift({ name: 'measures', start: async () => {}, stop: async () => stop() })
  }
}

function everyInterval(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}

function fileKey(file: string | undefined): KeyObject {
  if (file === undefined) throw cliError('GH-CLI-CONFIG', 'federationPeer.policy.publicKeyFile is needed where policy runs elsewhere.')
  return readPublicKey(readText('.', file))
}
