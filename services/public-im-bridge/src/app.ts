import { randomBytes } from 'node:crypto'
import { ArchiveClient, EnvelopeIds, RecordEncoder } from '@gatehouse/archive-client'
import type { ConnectorFactory, ReceiveOutcome } from '@gatehouse/bridge-kit'
import { type Bus, type BusSubscription, busSubjects, deliverAtSubject, deliverSubject } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, portOf, serveDeliveries } from '@gatehouse/delivery'
import { errorsOf } from '@gatehouse/errors'
import type { DeliveryOutcome, Destination } from '@gatehouse/im-model'
import { InspectorCalls, inspectionTls } from '@gatehouse/inspection'
import type { Outboxes } from '@gatehouse/outbox'
import { DecisionState, type Snapshot } from '@gatehouse/policy-engine'
import { FactsCache, FactsNotes } from '@gatehouse/policy-follow'
import { type Health, type Logger, type Metrics, type MetricsRegistry, silentTracer, type Tracer } from '@gatehouse/telemetry'
import type { PublicImBridgeConfig } from './config.ts'
import { AccountBook } from './core/accounts/account-book.ts'
import { AccountKeeper } from './core/accounts/account-keeper.ts'
import { secretsOf, storeOf } from './core/accounts/own-places.ts'
import { Seal } from './core/accounts/seal.ts'
import { Echoes } from './core/echoes.ts'
import { BusSiblings } from './core/host/bus-siblings.ts'
import { NetworkHost, type Surroundings } from './core/host/network-host.ts'
import type { KnownState } from './core/host/state-board.ts'
import { Inbound, type Origin } from './core/inbound/inbound.ts'
import { inspectPassage } from './core/inbound/inspect-passage.ts'
import type { KnownEvidence, Passage } from './core/inbound/passage.ts'
import { Recorder } from './core/inbound/recorder.ts'
import { SeenLedger } from './core/inbound/seen-ledger.ts'
import { SrvCache } from './core/inbound/srv-cache.ts'
import { LateBucket } from './core/late-bucket.ts'
import { leaseTimings, type Member, MemberLease } from './core/leases/member-lease.ts'
import { Forwards } from './core/outbound/forwards.ts'
import { chooseNetwork } from './core/outbound/network-choice.ts'
import { Outbound } from './core/outbound/outbound.ts'
import { BridgeOutbox } from './core/outbox/bridge-outbox.ts'
import { LaneNames, laneOfAccount } from './core/outbox/lane-names.ts'
import { after, every, nowMs } from './core/process-clock.ts'
import { ownerOf } from './core/rendezvous.ts'
import { domainsFor } from './core/served-domains.ts'
import { Credentials } from './core/wires/credentials.ts'
import { NodeDns } from './core/wires/node-dns.ts'
import { NodeWires } from './core/wires/node-wires.ts'
import { bridgeCodes } from './errors.ts'
import { type bridgeMetrics, observeBridge } from './metrics.ts'
import { BridgeHandlers } from './serve/bridge-handlers.ts'
import { NetworkStates } from './serve/network-states.ts'
import { StateShelf } from './serve/state-shelf.ts'

const bridgeError = errorsOf(bridgeCodes)
const NOTE_DELAY_MS = 50
const QUEUE = 'deliver'

/** Where the snapshot in force comes from. */
export interface PolicySource {
  /** Undefined: none, or too old to go by. */
  current(nowMs: number): Snapshot | undefined
}

export interface PublicImBridgeDeps {
  readonly bus: Bus
  readonly policy: PolicySource
  readonly log: Logger
  readonly metrics: MetricsRegistry
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  readonly connectors: readonly ConnectorFactory<never>[]
  /** Seals what must not be read at rest; 32 bytes. */
  readonly sealKey: Uint8Array
  /** Undefined: nothing waits. */
  readonly outboxes?: Outboxes | undefined
}

export interface PublicImBridge {
  /** Resolves when this replica holds its lease and every network has had its first attempt. */
  start(): Promise<void>
  /** Takes in no more, logs accounts out, gives leases back. */
  stop(): Promise<void>
  health(): Health
  readonly handlers: BridgeHandlers
}

/** Puts one public-im-bridge together. Nothing runs before `start`. */
export function buildPublicImBridge(config: PublicImBridgeConfig, deps: PublicImBridgeDeps): PublicImBridge {
  return new Bridge(config, deps)
}

class Bridge implements PublicImBridge {
  readonly handlers: BridgeHandlers
  readonly #config: PublicImBridgeConfig
  readonly #deps: PublicImBridgeDeps
  readonly #hosts = new Map<string, NetworkHost>()
  readonly #bucket: LateBucket
  readonly #seal: Seal
  readonly #dns: NodeDns
  readonly #credentials: Credentials
  readonly #facts: FactsCache
  readonly #inspectors: InspectorCalls
  readonly #archive: ArchiveClient
  readonly #client: DeliveryClient
  readonly #metrics: Metrics<typeof bridgeMetrics>
  readonly #lease: MemberLease
  readonly #book: AccountBook
  readonly #keeper: AccountKeeper
  readonly #shelf: StateShelf
  readonly #states: NetworkStates
  readonly #outbox: BridgeOutbox
  readonly #srv: SrvCache
  readonly #seenLedger: SeenLedger
  readonly #decisions = new DecisionState({ seed: randomBytes(4).readUInt32BE() })
  readonly #recorder: Recorder
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  readonly #echoes = new Echoes(nowMs)
  #served: BusSubscription[] = []
  #isRunning = false

  constructor(config: PublicImBridgeConfig, deps: PublicImBridgeDeps) {
    this.#config = config
    this.#deps = deps
    const { bus, log } = deps
    this.#bucket = new LateBucket(bus, busSubjects.bridgeBucket.name)
    const leases = new LateBucket(bus, busSubjects.leasesBucket.name)
    this.#seal = new Seal(deps.sealKey)
    this.#dns = new NodeDns(config.dns, Math.random)
    this.#credentials = new Credentials(config, { log, nowMs, every })
    this.#facts = new FactsCache(
      { bus, nowMs, defer: (run) => void setImmediate(run) },
      { maxEntries: config.policy.maxCachedUsers, maxStalenessMs: config.policy.maxStalenessMs, timeoutMs: config.policy.factsTimeoutMs },
    )
    this.#inspectors = new InspectorCalls(inspectionTls(config.inspection, (...why) => bridgeError('GH-BRIDGE-CERTIFICATE', ...why)))
    this.#archive = new ArchiveClient(
      { bus, defer: (run) => void setImmediate(run), setTimer: (run, delayMs) => after(delayMs, run) },
      { timeoutMs: config.archiveTimeoutMs, patienceMs: config.archiveTimeoutMs },
    )
    this.#client = new DeliveryClient(bus)
    const self: Member = { replica: config.replica, incarnation: randomBytes(12).toString('hex'), networks: Object.keys(config.networks) }
    this.#lease = new MemberLease({ kv: leases, self, log, nowMs, every, timings: leaseTimings })
    this.#book = new AccountBook({ kv: this.#bucket, seal: this.#seal, nowMs })
    this.#keeper = new AccountKeeper({
      kv: leases,
      self,
      lease: this.#lease,
      book: this.#book,
      hosts: this.#hosts,
      log,
      nowMs,
      random: Math.random,
      every,
      after,
    })
    this.#shelf = new StateShelf({
      kv: new LateBucket(bus, busSubjects.networksBucket.name),
      replica: config.replica,
      isAlive: (replica) => this.#lease.live().some((member) => member.replica === replica),
      log,
    })
    this.#states = new NetworkStates({
      bus,
      shelf: this.#shelf,
      hosts: this.#hosts,
      keeper: this.#keeper,
      replica: config.replica,
      every,
      after,
    })
    this.#metrics = observeBridge(deps.metrics, {
      hosts: () => this.#hosts.values(),
      accounts: (network, isConnected) => this.#keeper.count(network, isConnected),
      replicas: () => this.#lease.live().length,
      policyRevision: () => deps.policy.current(nowMs())?.revision ?? 0,
    })
    this.#srv = new SrvCache(this.#dns, nowMs)
    this.#recorder = new Recorder({ client: this.#archive, encoder: new RecordEncoder(), replica: config.replica })
    this.#outbox = this.#makeOutbox()
    const seen = new LateBucket(bus, busSubjects.seenBucket.name)
    this.#seenLedger = new SeenLedger({ kv: seen, replica: config.replica, nowMs, after, log })
    this.#inbound = this.#makeInbound()
    this.#outbound = this.#makeOutbound()
    for (const name of self.networks) this.#hosts.set(name, this.#makeHost(name))
    this.handlers = new BridgeHandlers({ hosts: this.#hosts, book: this.#book, keeper: this.#keeper, shelf: this.#shelf })
  }

  async start(): Promise<void> {
    await this.#credentials.start()
    await this.#facts.start()
    await this.#lease.start()
    await this.#book.start()
    await this.#shelf.start()
    await this.#seenLedger.start()
    // before anything comes in: what waits must not be overtaken
    if (this.#deps.outboxes !== undefined) await this.#outbox.start(this.#deps.outboxes)
    await Promise.all([...this.#hosts.values()].map((host) => host.start()))
    // whoever sees that an account is ours finds us at home
    await this.#serve()
    await this.#keeper.start()
    await this.#outbox.ready()
    this.#states.start()
    this.#isRunning = true
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    // others take the accounts over while what comes here is still handed on to them
    await this.#lease.leave()
    await this.#keeper.leave()
    await Promise.race([this.#outbox.stop(), new Promise<void>((resolve) => void after(this.#config.stopGraceMs, resolve))])
    await Promise.all(this.#served.splice(0).map((served) => served.stop()))
    await this.#keeper.stop()
    await Promise.all([...this.#hosts.values()].map((host) => host.stop(this.#config.stopGraceMs)))
    this.#states.stop()
    await this.#seenLedger.stop()
    await this.#shelf.stop([...this.#hosts.keys()])
    await this.#book.stop()
    await this.#lease.stop()
    await this.#archive.drain(this.#config.archiveTimeoutMs)
    await this.#facts.stop()
    this.#inspectors.close()
    this.#credentials.stop()
  }

  health(): Health {
    const { bus, policy } = this.#deps
    const status = bus.status()
    const revision = policy.current(nowMs())?.revision
    const networks = [...this.#hosts.values()].map(({ name, board }) => ({
      name: `network ${name}`,
      isOk: board.network.state === 'connected',
      detail: board.network.code === '' ? board.network.state : `${board.network.state}: ${board.network.code} ${board.network.detail}`,
    }))
    return {
      isLive: true,
      // a network that is away is the network's affair: the others are served
      isReady: this.#isRunning && revision !== undefined && status.isConnected && this.#lease.isHeld(),
      checks: [
        { name: 'bus', isOk: status.isConnected, detail: status.detail },
        { name: 'policy', isOk: revision !== undefined, detail: revision === undefined ? 'none in force' : `revision ${revision}` },
        { name: 'lease', isOk: this.#lease.isHeld(), detail: this.#lease.isHeld() ? 'held' : 'not held' },
        ...networks,
      ],
    }
  }

  async #serve(): Promise<void> {
    const { bus } = this.#deps
    const ports = new Set([...this.#hosts.values()].map(({ protocol }) => protocol))
    for (const port of ports) {
      const handler = (delivery: Delivery): Promise<DeliveryOutcome> => this.#outbound.deliver(port, delivery)
      this.#served.push(await serveDeliveries(bus, deliverSubject(port), QUEUE, handler))
      this.#served.push(await serveDeliveries(bus, deliverAtSubject(port, this.#config.replica), QUEUE, handler))
    }
  }

  #makeHost(name: string): NetworkHost {
    const { log, connectors } = this.#deps
    const settings = this.#config.networks[name] as PublicImBridgeConfig['networks'][string]
    const factory = connectors.find(({ protocol }) => protocol === settings.protocol) as unknown as ConnectorFactory
    const networkLog = log.child({ network: name })
    const origin: Origin = { network: name, protocol: factory.protocol, maxTextBytes: settings.limits.maxTextBytes, log: networkLog }
    return new NetworkHost({
      name,
      factory,
      config: settings.settings,
      limits: settings.limits,
      log: networkLog,
      nowMs,
      random: Math.random,
      surroundings: (onFault) => this.#surroundings(name, factory.protocol, settings.limits.maxConnections, onFault),
      receive: (event) => this.#inbound.take(origin, event),
      stateChanged: (state) => {
        this.#keeper.reported(state)
        if (state.state === 'connected') this.#seen(name, state)
        this.#states.changed(name, state)
      },
      failed: (what) => this.#metrics.add('gatehouse_bridge_connector_faults_total', 1, { network: name, what }),
    })
  }

  /** Whoever is there again need not wait out the outbox's back-off. */
  #seen(name: string, { account, peer }: KnownState): void {
    const owner = account === undefined ? undefined : this.#book.get(account)?.owner
    const domain = this.#hosts.get(name)?.domains[0]
    if (peer !== undefined) this.#outbox.seen(peer)
    if (owner !== undefined && domain !== undefined) this.#outbox.seen(laneOfAccount(domain, owner))
  }

  #surroundings(name: string, protocol: string, maxConnections: number, onFault: (thrown: unknown) => void): Surroundings {
    const wires = new NodeWires({
      addresses: (host) => this.#dns.addresses(host),
      validate: (chain) => this.#credentials.validator.validate(chain),
      certificates: () => this.#credentials.own,
      maxConnections,
      onFault,
    })
    const siblings = new BusSiblings({ bus: this.#deps.bus, network: name, replica: this.#config.replica, log: this.#deps.log, nowMs })
    return {
      replica: this.#config.replica,
      siblings,
      randomBytes: (size) => randomBytes(size),
      dns: this.#dns,
      wires,
      store: storeOf(this.#bucket, name),
      secrets: secretsOf(this.#bucket, this.#seal, name),
      domains: domainsFor(protocol, () => this.#deps.policy.current(nowMs()), nowMs),
      close: () => {
        siblings.close()
        wires.close()
      },
    }
  }

  #makeInbound(): Inbound {
    const { bus, policy } = this.#deps
    const srv = this.#srv
    const notes = new FactsNotes({ bus, nowMs, defer: (run) => void after(NOTE_DELAY_MS, run) })
    return new Inbound({
      snapshot: (now) => policy.current(now),
      decisions: this.#decisions,
      known: this.#known(),
      lookup: {
        lookupSrv: (domain) => srv.lookup(domain),
        lookupFacts: (user) => new Promise((resolve) => this.#facts.lookupFacts(user, resolve)),
      },
      facts: notes,
      recorder: this.#recorder,
      ids: new EnvelopeIds(randomBytes(6)),
      deliver: (delivery) => this.#deliver(delivery),
      outbox: this.#outbox,
      seen: this.#seenLedger,
      inspect: (passage, decision) =>
        inspectPassage(passage, decision, (call, question, span) => this.#inspectors.ask(call, question, span)),
      isEcho: (origin, event) => this.#echoes.isEcho(origin.network, event.account ?? '', event.remoteId),
      deliverTimeoutMs: this.#config.deliverTimeoutMs,
      passed: (origin, passage, kind, outcome, durationMs) => this.#passed(origin, passage, kind, outcome, durationMs),
      tracer: this.#deps.tracer ?? silentTracer,
      nowMs,
    })
  }

  #known(): KnownEvidence {
    return { srv: (domain) => this.#srv.known(domain), facts: (user) => this.#facts.facts(user) }
  }

  #deliver(delivery: Delivery): Promise<DeliveryOutcome> {
    return new Promise((resolve) => this.#client.deliver(delivery, resolve))
  }

  #makeOutbox(): BridgeOutbox {
    const { policy, log } = this.#deps
    const hostOf = (destination: Destination) => chooseNetwork(this.#hosts.values(), destination, portOf(destination))
    return new BridgeOutbox({
      snapshot: (now) => policy.current(now),
      decisions: this.#decisions,
      lookupSrv: (domain, onDone) => void this.#srv.lookup(domain).then(onDone),
      lookupFacts: (user, onDone) => this.#facts.lookupFacts(user, onDone),
      known: this.#known(),
      lanes: new LaneNames((destination) => hostOf(destination)?.kind === 'accounts'),
      recorder: this.#recorder,
      deliver: (delivery) => this.#deliver(delivery),
      log,
      nowMs,
    })
  }

  #passed(origin: Origin, passage: Passage | undefined, kind: string, outcome: ReceiveOutcome, durationMs: number): void {
    const { network } = origin
    const totals = this.#states.totals(network)
    totals.received++
    if (outcome.status === 'failed') totals.failed++
    const direction = passage?.decision?.direction ?? 'none'
    this.#metrics.add('gatehouse_bridge_received_total', 1, { network, direction, kind, code: outcome.code === '' ? 'ok' : outcome.code })
    this.#metrics.record('gatehouse_bridge_receive_duration_seconds', durationMs / 1000, { network }, passage?.trace?.span.context.traceId)
  }

  #makeOutbound(): Outbound {
    const forwards = new Forwards(this.#client, this.#lease)
    return new Outbound({
      replica: this.#config.replica,
      hosts: this.#hosts,
      book: this.#book,
      keeper: this.#keeper,
      ownerOf: (network, domain) => ownerOf(`${network} ${domain}`, this.#lease.reachable(network)),
      suspect: (replica) => this.#lease.suspect(replica),
      outbox: this.#outbox,
      pause: (ms) => new Promise((resolve) => void after(ms, resolve)),
      forward: (replica, port, delivery) => forwards.run(replica, port, delivery),
      sent: (network, account, remoteId) => this.#echoes.sent(network, account, remoteId),
      delivered: (network, kind, outcome, durationMs, traceId) => {
        const totals = this.#states.totals(network)
        if (outcome.status === 'failed') totals.failed++
        else totals.sent++
        const { status, code } = outcome
        this.#metrics.add('gatehouse_bridge_sent_total', 1, { network, kind, status, code: code === '' ? 'ok' : code })
        this.#metrics.record('gatehouse_bridge_send_duration_seconds', durationMs / 1000, { network }, traceId)
      },
      tracer: this.#deps.tracer ?? silentTracer,
      nowMs,
    })
  }
}
