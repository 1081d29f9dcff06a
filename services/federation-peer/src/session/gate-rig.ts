import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ArchiveClient, EnvelopeIds, RecordEncoder } from '@gatehouse/archive-client'
import { type BusMessage, busSubjects, createEmbeddedBus, openWorkFile } from '@gatehouse/bus'
import { type Delivery, deliveredOutcome, deliveryCodes, failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, EdgeSide } from '@gatehouse/im-model'
import type { AskInspector } from '@gatehouse/inspection'
import { Outboxes } from '@gatehouse/outbox'
import { compileSnapshot, DecisionState, failedFacts, type PolicyObject, type Snapshot, type SrvEvidence } from '@gatehouse/policy-engine'
import { internal, partner, settings } from '@gatehouse/policy-engine/test'
import { AppendReplySchema, AppendRequestSchema } from '@gatehouse/proto'
import { MetricsRegistry, silentTracer, type Tracer } from '@gatehouse/telemetry'
import { SenderBudget } from '../admit/sender-budget.ts'
import { federationPeerConfig } from '../config.ts'
import { Forwarder } from '../deliver/forwarder.ts'
import type { LinkFailure, LinkTarget } from '../edge/connection.ts'
import { buildEndpoint } from '../endpoint/build-endpoint.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import type { NextHopHabits } from '../endpoint/sip-sender.ts'
import { buildSipOutbox } from '../outbox/build-sip-outbox.ts'
import type { SipOutbox } from '../outbox/sip-outbox.ts'
import { SipTraces } from '../peering/sip-traces.ts'
import { Recorder } from '../record/recorder.ts'
import { isBySip, LinkTargets } from '../route/link-targets.ts'
import { OwnNames } from '../route/own-names.ts'
import { RouteToken } from '../route/route-token.ts'
import { Gate } from './gate.ts'
import type { FactsLookup, SrvLookup } from './gate-deps.ts'
import { RigConnection } from './rig-connection.ts'
import { Session } from './session.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const KEY = Buffer.alloc(32, 7)

const POLICY: readonly PolicyObject[] = [
  internal('contoso.example'),
  partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }),
  settings({ unverified: { message: 'deliver', presence: 'allow' } }),
]

function archiving(duty: 'required' | 'off'): PolicyObject {
  return { kind: 'Archiving', name: 'archiving', spec: { duty, body: true } }
}

/** The whole way of a message in memory: real session, gate, policy engine, archive client and bus; no sockets, no archive. */
export class GateRig {
  readonly session: Session
  readonly traces: SipTraces = new SipTraces()
  readonly endpoint: Endpoint
  /** What the endpoint gave to the owner of a network, and what that says of it. */
  readonly handedOver: Delivery[] = []
  outcome: (delivery: Delivery) => DeliveryOutcome = () => deliveredOutcome()
  readonly #handOver = (delivery: Delivery, onOutcome: (outcome: DeliveryOutcome) => void): void => {
    this.handedOver.push(delivery)
    setImmediate(() => onOutcome(this.outcome(delivery)))
  }
  /** What was counted as observed. */
  readonly observed: string[] = []
  /** Stages of followed messages that were measured, and the trace they were given as their example. */
  readonly stages: (readonly [stage: string, traceId: string])[] = []
  nowMs = 1_000_000
  /** What the endpoint tells the other replicas, and how it reaches them; nobody, unless a test joins two. */
  onWord: (data: Uint8Array) => void = () => undefined
  deliverAt: (replica: string, delivery: Delivery, onOutcome: (outcome: DeliveryOutcome) => void) => void = (
    _replica,
    _delivery,
    onOutcome,
  ) => onOutcome(failedOutcome(deliveryCodes, 'GH-DELIVERY-NOBODY'))
  #timers: { readonly run: () => void; readonly atMs: number }[] = []
  readonly budget: SenderBudget = new SenderBudget(100)
  inside: RigConnection
  readonly partnerLink: RigConnection
  /** Sides that no link leads to, and what the edge says then. */
  readonly away: Set<EdgeSide> = new Set()
  linkCode = 'GH-EDGE-LINK-CONNECT'
  readonly outbox: SipOutbox
  readonly startOutbox: () => Promise<void>
  isArchiveAway = false
  isArchiveSlow = false
  #release: (() => void) | undefined
  readonly #archived: Uint8Array[] = []
  #tags = 0
  readonly #duty: 'required' | 'off'
  #snapshot!: Snapshot

  constructor(
    options: {
      archive?: 'required' | 'off'
      policy?: readonly PolicyObject[]
      askInspector?: AskInspector
      facts?: FactsLookup
      /** Instead of `policy` and `archive`. */
      snapshot?: () => Snapshot | undefined
      /** What DNS says; without it nothing. */
      srv?: (domain: string) => SrvEvidence
      nextHop?: NextHopHabits
      /** Messages can wait; `startOutbox` has to be called. */
      hasOutbox?: boolean
      replica?: string
      tracer?: Tracer
    } = {},
  ) {
    const own = new OwnNames({ host: 'sip.contoso.example', port: 5061 }, { host: 'gate.contoso.example', port: 5061 })
    const identity = {
      isOwnUri: (uri: Parameters<OwnNames['isOwn']>[0]) => own.isOwn(uri),
      isOwnVia: (via: { host: string }) => via.host === own.external.host || via.host === own.internal.host,
    }
    const token = new RouteToken(KEY)
    this.#duty = options.archive ?? 'required'
    this.setPolicy(options.policy ?? [])
    const decisions = new DecisionState()
    const bus = createEmbeddedBus({ work: openWorkFile(':memory:'), wallMs: () => this.nowMs })
    void bus.serve(busSubjects.archiveAppend.name, 'archive', (message) => this.#append(message))
    const client = new ArchiveClient({
      bus,
      defer: (run) => void setImmediate(run),
      setTimer: (run, delayMs) => {
        const timer = setTimeout(run, delayMs)
        timer.unref()
        return () => clearTimeout(timer)
      },
    })
    const recorder = new Recorder({ client, encoder: new RecordEncoder(), ids: new EnvelopeIds(Buffer.alloc(6)), replica: 'rig' })
    const nowMs = (): number => this.nowMs
    const newTag = (): string => `t${this.#tags++}`
    const insideTarget = {
      key: 'inside',
      side: 'internal' as const,
      edgeHost: 'home.contoso.example',
      edgePort: 5061,
      srvDomain: undefined,
      sameDomainRule: false,
      links: 1,
      expect: { names: [], trust: [], pins: [] },
    }
    const targets = new LinkTargets(insideTarget, ['default'])
    const links = {
      acquire: (target: LinkTarget, onReady: (link: RigConnection) => void, onFailed: (failure: LinkFailure) => void) => {
        if (this.away.has(target.side)) onFailed({ code: this.linkCode, detail: target.key, status: 504 })
        else onReady(target.side === 'internal' ? this.inside : this.partnerLink)
      },
    }
    this.endpoint = buildEndpoint({
      layer: () => this.session.layer,
      links,
      targets,
      own,
      branchPrefix: 'r',
      sendAck: (link, ack) => this.session.send(link, ack),
      inside: options.nextHop ?? { imMode: 'page', hasImdn: false },
      newTag,
      nowMs,
      token,
      idleMs: 60_000,
      maxSessions: 3,
      maxSubscriptions: 3,
      replica: options.replica ?? 'rig',
      publish: (data) => this.onWord(data),
      deliverAt: (replica, delivery, onOutcome) => this.deliverAt(replica, delivery, onOutcome),
      deliver: this.#handOver,
      newId: () => new Uint8Array(16),
      texts: federationPeerConfig.shape.outbox.parse({}).notice,
      insideName: own.internal.host,
      forgive: () => undefined,
      setTimer: this.#setTimer,
    })
    const forwarder = new Forwarder({ own, identity, token, branchPrefix: 'r' })
    const srv: SrvLookup = {
      srv: () => undefined,
      lookupSrv: (domain, onDone) => onDone(options.srv?.(domain) ?? { status: 'none', detail: 'rig' }),
    }
    const facts = options.facts ?? { facts: () => failedFacts('rig'), lookupFacts: (_user, onDone) => onDone(failedFacts('rig')) }
    this.outbox = buildSipOutbox(
      { outbox: { notice: federationPeerConfig.shape.outbox.parse({}).notice }, internalEdge: { name: own.internal.host } },
      {
        ...{ decisions, recorder, targets, own, forwarder, links, nowMs, facts },
        policy: { current: () => this.#snapshot },
        resolver: srv,
        layer: () => this.session.layer,
        log: SILENT,
        tracer: options.tracer ?? silentTracer,
        sendOwn: (delivery, onOutcome) =>
          isBySip(delivery.destination) ? this.endpoint.deliver(delivery, onOutcome) : this.#handOver(delivery, onOutcome),
        newId: () => new Uint8Array(16),
        forgive: () => undefined,
      },
    )
    const outboxes = new Outboxes({ bus, metrics: new MetricsRegistry(), log: SILENT, nowMs, random: () => 0, setTimer: this.#setTimer })
    this.startOutbox = () => this.outbox.start(outboxes)
    const limits = federationPeerConfig.shape.limits.parse({})
    this.session = new Session({
      limits,
      nowMs,
      log: SILENT,
      newTag,
      traces: this.traces,
      isAnchoredOn: (side, peer) => peer.anchors.includes('default') || peer.anchors.includes(side),
      isInsideServer: (peer) => peer.names.dns.includes('home.contoso.example'),
      gate: (session) =>
        new Gate(session, {
          admission: {
            own,
            token,
            budget: this.budget,
            snapshot: options.snapshot ?? (() => this.#snapshot),
            decisions,
            isDraining: () => false,
          },
          decisions,
          srv,
          ...(options.facts === undefined ? {} : { facts: options.facts }),
          recorder,
          askInspector: options.askInspector ?? (() => Promise.reject(new Error('nobody is there'))),
          targets,
          links,
          receiver: this.endpoint.receiver,
          forwarder,
          outbox: options.hasOutbox === true ? this.outbox : undefined,
          identity,
          metrics: {
            passed: () => undefined,
            stage: (stage, _durationMs, traceId) => {
              if (traceId !== undefined) this.stages.push([stage, traceId])
            },
            observed: (rule, code) => void this.observed.push(`${rule} ${code}`),
          },
          tracer: options.tracer ?? silentTracer,
          log: SILENT,
          nowMs,
          newTag,
        }),
    })
    this.inside = this.open('internal', ['home.contoso.example'])
    this.partnerLink = this.open('external', ['sip.fabrikam.example'])
  }

  open(side: EdgeSide, names: readonly string[], isAuthenticated = true, anchor = 'default'): RigConnection {
    const connection = new RigConnection((connection, bytes) => this.session.onData(connection, bytes), side, false, {
      isAuthenticated,
      refusal: isAuthenticated ? undefined : { code: 'GH-IDENTITY-UNTRUSTED', detail: '' },
      names: { dns: names, sipDomains: [], commonName: undefined },
      anchors: [anchor],
      mayBeTlsClient: true,
      fingerprint: names.join(),
      spkiPin: '',
      issuer: '',
      serial: '1',
      notAfterMs: 9e15,
    })
    this.session.onOpen(connection)
    return connection
  }

  /** Puts another connection in the place of the inside server's. */
  adopt<T extends RigConnection>(connection: T): T {
    this.session.onOpen(connection)
    this.inside = connection
    return connection
  }

  /** Beside what every rig has; a FederationSettings takes the place of its own. */
  setPolicy(policy: readonly PolicyObject[]): void {
    const own = POLICY.filter(({ kind, name }) => !policy.some((object) => object.kind === kind && object.name === name))
    const objects = [...own, ...policy, archiving(this.#duty)]
    this.#snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
  }

  archived(): readonly Uint8Array[] {
    return this.#archived
  }

  releaseArchive(): void {
    this.isArchiveSlow = false
    this.#release?.()
  }

  /** Time goes by, and what the endpoint waits for happens. */
  passTime(forMs: number): void {
    const untilMs = this.nowMs + forMs
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.nowMs = Math.max(this.nowMs, next.atMs)
      this.#timers = this.#timers.filter((each) => each !== next)
      next.run()
    }
    this.nowMs = untilMs
    this.session.sweep(untilMs)
  }

  readonly #setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = { run, atMs: this.nowMs + delayMs }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  #dueBy(untilMs: number): { readonly run: () => void; readonly atMs: number } | undefined {
    return this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
  }

  /** Lets everything that is due in this and the next turns of the event loop happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async #append(message: BusMessage): Promise<Uint8Array> {
    const { records } = fromBinary(AppendRequestSchema, message.data)
    if (this.isArchiveSlow) {
      await new Promise<void>((resolve) => {
        this.#release = resolve
      })
    }
    if (!this.isArchiveAway) this.#archived.push(...records)
    const results = records.map((_, at) => ({
      sequence: BigInt(at + 1),
      duplicate: false,
      refusal: this.isArchiveAway ? 'GH-ARCHIVE-STORE' : '',
    }))
    return toBinary(AppendReplySchema, create(AppendReplySchema, { results }))
  }
}
