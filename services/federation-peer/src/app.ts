import { randomBytes } from 'node:crypto'
import { ArchiveClient, EnvelopeIds, RecordEncoder } from '@gatehouse/archive-client'
import { type Bus, busSubjects, deliverAtSubject } from '@gatehouse/bus'
import { DeliveryClient } from '@gatehouse/delivery'
import { errorsOf } from '@gatehouse/errors'
import type { EdgeSide } from '@gatehouse/im-model'
import { InspectorCalls, inspectionTls } from '@gatehouse/inspection'
import { DecisionTeller } from '@gatehouse/live-events'
import type { Outboxes } from '@gatehouse/outbox'
import { DecisionState, type Snapshot } from '@gatehouse/policy-engine'
import { FactsCache, FactsNotes } from '@gatehouse/policy-follow'
import { type Health, type MetricsRegistry, silentTracer, type Tracer } from '@gatehouse/telemetry'
import { SenderBudget } from './admit/sender-budget.ts'
import type { FederationPeerConfig } from './config.ts'
import { Forwarder } from './deliver/forwarder.ts'
import { buildDoctor } from './diagnose/build-doctor.ts'
import { CertificateKeeper } from './edge/certificate-keeper.ts'
import type { EdgeClock, EdgeConnection, EdgeLog } from './edge/connection.ts'
import { EdgeHub } from './edge/edge-hub.ts'
import { EdgeListener } from './edge/edge-listener.ts'
import { filesOf, insideServers, insideTarget, storesFor } from './edge/edge-settings.ts'
import { LinkPool } from './edge/link-pool.ts'
import { createSystemClock } from './edge/system-clock.ts'
import { buildEndpoint } from './endpoint/build-endpoint.ts'
import { serveEndpoint } from './endpoint/serve-endpoint.ts'
import { peerCodes } from './errors.ts'
import { wireMetrics } from './metrics.ts'
import { buildSipOutbox } from './outbox/build-sip-outbox.ts'
import { partnerGauges } from './peering/partner-gauges.ts'
import { PeeringCalls } from './peering/peering-calls.ts'
import { PeeringHandlers } from './peering/peering-service.ts'
import { Siblings } from './peering/siblings.ts'
import { SipTraces } from './peering/sip-traces.ts'
import { watchWord } from './peering/watch-word.ts'

import { Recorder } from './record/recorder.ts'
import { createDnsClient } from './resolve/dns-client.ts'
import { SrvResolver } from './resolve/srv-resolver.ts'
import { isBySip, LinkTargets } from './route/link-targets.ts'
import { OwnNames } from './route/own-names.ts'
import { RouteToken } from './route/route-token.ts'
import { tokenKey } from './route/token-key.ts'
import { Gate } from './session/gate.ts'
import { Session } from './session/session.ts'

const errors = errorsOf(peerCodes)
const CERTIFICATE_POLL_MS = 10_000
const TRANSACTION_SWEEP_MS = 100
const CONNECTION_SWEEP_MS = 1_000
/** What the gate saw is told in batches; nobody waits for it. */
const NOTE_DELAY_MS = 50

/** Where the snapshot in force comes from. */
export interface PolicySource {
  /** Undefined: none, or too old to go by. */
  current(nowMs: number): Snapshot | undefined
}

export interface FederationPeerDeps {
  readonly bus: Bus
  readonly policy: PolicySource
  readonly log: EdgeLog
  readonly metrics: MetricsRegistry
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  /** Absent: nothing waits for destinations that are away, whatever policy says. */
  readonly outboxes?: Outboxes | undefined
  readonly clock?: EdgeClock
  readonly random?: () => number
}

export interface FederationPeer {
  /** Listens on both edges; rejects with a code when a certificate, a key or an address is of no use. */
  start(): Promise<{ readonly external: { address: string; port: number }; readonly internal: { address: string; port: number } }>
  /** Lame duck, finish, close: see `drain` in the configuration. */
  stop(): Promise<void>
  health(): Health
  readonly peering: PeeringCalls
}

/** Puts one federation-peer together. Plain constructor calls; nothing runs before `start`. */
export function buildFederationPeer(config: FederationPeerConfig, deps: FederationPeerDeps): FederationPeer {
  const clock = deps.clock ?? createSystemClock()
  const random = deps.random ?? Math.random
  const nowMs = (): number => clock.nowMs()
  const metrics = wireMetrics(deps.metrics)
  const { log, bus } = deps
  const tracer = deps.tracer ?? silentTracer

  const keeper = new CertificateKeeper(
    {
      own: { external: filesOf(config.externalEdge.certificate), internal: filesOf(config.internalEdge.certificate) },
      trust: config.trust,
      crlFiles: config.crlFiles,
      revocation: config.revocation,
      pollIntervalMs: CERTIFICATE_POLL_MS,
    },
    { clock, log, metrics: metrics.edge },
  )
  const stores = { external: storesFor(config, 'external'), internal: storesFor(config, 'internal') }
  const dns = createDnsClient({ servers: config.dns.servers, timeoutMs: config.dns.timeoutMs, tries: config.dns.tries })
  const resolver = new SrvResolver({ dns, nowMs, options: { maxLifetimeMs: config.dns.maxTtlS * 1000 } })

  const own = new OwnNames(
    { host: config.externalEdge.name, port: config.externalEdge.advertisedPort ?? config.externalEdge.listen.port },
    { host: config.internalEdge.name, port: config.internalEdge.advertisedPort ?? config.internalEdge.listen.port },
  )
  const token = new RouteToken(tokenKey(config))
  const identity = {
    isOwnUri: (uri: { host: string; port: number | undefined }) => own.isOwn(uri),
    isOwnVia: (via: { host: string; port: number | undefined }) => own.isOwn(via),
  }
  const budget = new SenderBudget(config.limits.maxOpenPerUser)
  const decisions = new DecisionState({ seed: randomBytes(4).readUInt32BE() })
  const archiveClient = new ArchiveClient(
    { bus, defer: (run) => void setImmediate(run), setTimer: (run, delayMs) => clock.after(delayMs, run) },
    { timeoutMs: config.archiveTimeoutMs, patienceMs: config.archiveTimeoutMs },
  )
  const ids = new EnvelopeIds(randomBytes(6))
  const recorder = new Recorder({
    client: archiveClient,
    encoder: new RecordEncoder(),
    ids,
    replica: config.replica,
  })
  const inspectors = new InspectorCalls(inspectionTls(config.inspection, (...why) => errors('GH-PEER-INSPECTION-TLS', ...why)))
  const defer = (run: () => void): void => void setImmediate(run)
  const facts = new FactsCache(
    { bus, nowMs, defer },
    { maxEntries: config.policy.maxCachedUsers, maxStalenessMs: config.policy.maxStalenessMs, timeoutMs: config.policy.factsTimeoutMs },
  )
  const live = new DecisionTeller({ bus, nowMs, replica: config.replica })
  const notes = new FactsNotes({ bus, nowMs, defer: (run) => void clock.after(NOTE_DELAY_MS, run) })
  const tagPrefix = randomBytes(6).toString('hex')
  let tags = 0
  const newTag = (): string => `${tagPrefix}${(tags++).toString(36)}`
  let isDraining = false
  const targets = new LinkTargets(insideTarget(config, stores.internal), stores.external)

  const deliveries = new DeliveryClient(bus)
  const { imMode, imdn, imIdleMs } = config.internalEdge.nextHop
  const endpoint = buildEndpoint({
    layer: () => session.layer,
    links: { acquire: (target, onReady, onFailed, affinity) => pool.acquire(target, onReady, onFailed, affinity) },
    targets,
    own,
    token,
    branchPrefix: randomBytes(6).toString('hex'),
    sendAck: (link, ack) => session.send(link, ack),
    inside: { imMode, hasImdn: imdn },
    idleMs: imIdleMs,
    maxSessions: config.limits.maxImSessions,
    maxSubscriptions: config.limits.maxSubscriptions,
    replica: config.replica,
    publish: (data) => void bus.publish(busSubjects.sipDialogs.name, data),
    deliverAt: (replica, delivery, onOutcome) => deliveries.deliverTo(deliverAtSubject('sip', replica), delivery, onOutcome),
    deliver: (delivery, onOutcome) => deliveries.deliver(delivery, onOutcome),
    newId: (now) => ids.next(now),
    texts: config.outbox.notice,
    insideName: config.internalEdge.name,
    forgive: (key) => pool.forgive(key),
    newTag,
    nowMs,
    setTimer: (run, delayMs) => clock.after(delayMs, run),
  })

  const forwarder = new Forwarder({ own, identity, token, branchPrefix: randomBytes(6).toString('hex') })
  const outbox = buildSipOutbox(config, {
    policy: deps.policy,
    decisions,
    resolver,
    facts,
    layer: () => session.layer,
    links: { acquire: (target, onReady, onFailed, affinity) => pool.acquire(target, onReady, onFailed, affinity) },
    targets,
    own,
    forwarder,
    recorder,
    log,
    tracer,
    sendOwn: (delivery, onOutcome) => {
      if (isBySip(delivery.destination)) endpoint.deliver(delivery, onOutcome)
      else deliveries.deliver(delivery, onOutcome)
    },
    newId: (now) => ids.next(now),
    forgive: (key) => pool.forgive(key),
    nowMs,
  })

  const doctor = buildDoctor(config, {
    dns,
    keeper,
    targets,
    stores: stores.external,
    snapshot: (now) => deps.policy.current(now),
    decisions,
    lookupSrv: (domain, onDone) => resolver.lookupSrv(domain, onDone),
    lookupFacts: (user, onDone) => facts.lookupFacts(user, onDone),
    layer: () => session.layer,
    links: { acquire: (target, onReady, onFailed, affinity) => pool.acquire(target, onReady, onFailed, affinity) },
    own,
    branchPrefix: randomBytes(6).toString('hex'),
    sendAck: (link, ack) => session.send(link, ack),
    setTimer: (run, delayMs) => clock.after(delayMs, run),
    newId: (now) => ids.next(now),
    newTag,
    nowMs,
    log,
  })

  const traces = new SipTraces()
  const session = new Session({
    traces,
    limits: config.limits,
    nowMs,
    log,
    newTag,
    isInsideServer: insideServers(config),
    isAnchoredOn: (side, peer) => peer.anchors.some((store) => stores[side].includes(store)),
    gate: (owner) =>
      new Gate(owner, {
        admission: { own, token, budget, snapshot: (now) => deps.policy.current(now), decisions, isDraining: () => isDraining },
        decisions,
        srv: resolver,
        facts: {
          facts: (user) => facts.facts(user),
          lookupFacts: (user, onDone) => facts.lookupFacts(user, onDone),
          learned: (user, contact) => notes.learned(user, contact),
          held: (note) => notes.held(note),
        },
        recorder,
        askInspector: (call, question, span) => inspectors.ask(call, question, span),
        targets,
        links: { acquire: (target, onReady, onFailed, affinity) => pool.acquire(target, onReady, onFailed, affinity) },
        receiver: endpoint.receiver,
        echo: doctor.echo,
        outbox: deps.outboxes === undefined ? undefined : outbox,
        forwarder,
        identity,
        metrics: metrics.gate,
        tracer,
        live,
        log,
        nowMs,
        newTag,
      }),
  })
  const hub = new EdgeHub({
    handler: session,
    log,
    clock,
    metrics: metrics.edge,
    limits: {
      maxConnections: config.limits.maxConnections,
      maxConnectionsPerAddress: config.limits.maxConnectionsPerAddress,
      connectPerSecondPerAddress: config.limits.connectsPerSecondPerAddress,
      connectBurstPerAddress: Math.ceil(config.limits.connectsPerSecondPerAddress * 4),
      handshakeTimeoutMs: config.limits.handshakeTimeoutMs,
    },
  })
  const pool = new LinkPool({
    hub,
    validator: keeper.validator,
    resolver,
    random,
    identityFor: (side) => keeper.identityFor(side),
  })
  const listener = (side: EdgeSide): EdgeListener => {
    const edge = side === 'external' ? config.externalEdge : config.internalEdge
    const proxyProtocolFrom = side === 'external' ? config.externalEdge.proxyProtocolFrom : []
    return new EdgeListener(
      { side, address: edge.listen.address, port: edge.listen.port, proxyProtocolFrom },
      { hub, validator: keeper.validator, identity: () => keeper.identityFor(side), random },
    )
  }
  const external = listener('external')
  const internal = listener('internal')
  keeper.onTrustChanged(() => hub.revalidate(keeper.validator))

  const siblings = new Siblings({
    bus,
    replica: config.replica,
    log,
    newId: () => randomBytes(16),
    after: (delayMs, run) => clock.after(delayMs, run),
  })
  const local = new PeeringHandlers({
    diagnoses: doctor.diagnoses,
    connections: () => session.connections.values(),
    links: () => pool.states(),
    replica: config.replica,
    watchOf: (fingerprint) => watchWord(decisions, fingerprint),
    tracing: { traces, bus, log, replica: config.replica, nowMs, after: (delayMs, run) => clock.after(delayMs, run) },
  })
  const peering = new PeeringCalls({ replica: config.replica, local, siblings })
  metrics.observe({
    connections: (side) => count(session.connections.values(), (connection) => connection.side === side),
    serverTransactions: () => session.layer.openServerTransactions(),
    clientTransactions: () => session.layer.openClientTransactions(),
    secondsToExpiry: (side) => ((keeper.states().find((state) => state.side === side)?.notAfterMs ?? 0) - nowMs()) / 1000,
    sipTraces: () => traces.count,
    policyRevision: () => deps.policy.current(nowMs())?.revision ?? 0,
    archive: () => archiveClient.stats(),
    links: () => pool.states(),
    ...partnerGauges({
      connections: () => session.connections.values(),
      links: () => pool.states(),
      snapshot: () => deps.policy.current(nowMs()),
      nowMs,
    }),
  })

  const stoppers: (() => void)[] = []
  let isListening = false
  let stopServing = async (): Promise<void> => undefined

  return {
    peering,
    async start() {
      await keeper.start()
      await facts.start()
      await live.start()
      await peering.start()
      stoppers.push(clock.every(TRANSACTION_SWEEP_MS, () => session.sweep(nowMs())))
      stoppers.push(clock.every(CONNECTION_SWEEP_MS, () => session.sweepConnections(nowMs())))
      if (deps.outboxes !== undefined) await outbox.start(deps.outboxes)
      const bound = { external: await external.start(), internal: await internal.start() }
      own.settlePort('external', bound.external.port)
      own.settlePort('internal', bound.internal.port)
      stopServing = await serveEndpoint(bus, config.replica, endpoint, tracer)
      isListening = true
      return bound
    },
    async stop() {
      if (!isListening) return
      isListening = false
      // Lame duck: load balancers notice that we are not ready, while whoever still comes is served.
      await wait(clock, config.drain.graceMs)
      const isQuiet = (connection: EdgeConnection): boolean => session.isQuiet(connection)
      await Promise.all([external.handOver(config.drain.closeMs, isQuiet), internal.handOver(config.drain.closeMs, isQuiet)])
      isDraining = true
      // its dialogs go on in another replica, with the next delivery
      await stopServing()
      await until(clock, config.drain.finishMs, () => session.layer.openServerTransactions() === 0)
      await Promise.race([outbox.stop(), wait(clock, config.drain.finishMs)])
      await archiveClient.drain(config.archiveTimeoutMs)
      await Promise.all([external.stop(), internal.stop(), pool.drain(0)])
      for (const stop of stoppers) stop()
      endpoint.stop()
      inspectors.close()
      await siblings.stop()
      await live.stop()
      await facts.stop()
      keeper.stop()
      hub.stop()
    },
    health() {
      const hasPolicy = deps.policy.current(nowMs()) !== undefined
      const busStatus = bus.status()
      const broken = keeper.states().find((state) => state.problem !== undefined)
      return {
        isLive: true,
        isReady: isListening && !isDraining && hasPolicy && busStatus.isConnected,
        checks: [
          { name: 'listening', isOk: isListening, detail: isListening ? 'both edges' : 'not listening' },
          {
            name: 'policy',
            isOk: hasPolicy,
            detail: hasPolicy ? `revision ${deps.policy.current(nowMs())?.revision}` : peerCodes['GH-PEER-NO-POLICY'].summary,
          },
          { name: 'bus', isOk: busStatus.isConnected, detail: busStatus.detail },
          { name: 'certificates', isOk: broken === undefined, detail: broken?.problem ?? 'loaded' },
        ],
      }
    },
  }
}

function count<T>(items: Iterable<T>, isCounted: (item: T) => boolean): number {
  let counted = 0
  for (const item of items) if (isCounted(item)) counted++
  return counted
}

function wait(clock: EdgeClock, delayMs: number): Promise<void> {
  return delayMs === 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(delayMs, resolve))
}

/** Resolves when `isDone`, or after `timeoutMs`. */
async function until(clock: EdgeClock, timeoutMs: number, isDone: () => boolean): Promise<void> {
  const deadlineMs = clock.nowMs() + timeoutMs
  while (!isDone() && clock.nowMs() < deadlineMs) await wait(clock, 50)
}
