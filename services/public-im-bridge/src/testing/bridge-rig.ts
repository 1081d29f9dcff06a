import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { LoopbackNetwork, loopback } from '@gatehouse/bridge-kit/test'
import { type Bus, busSubjects, createEmbeddedBus, deliverSubject, openWorkFile } from '@gatehouse/bus'
import { type Delivery, DeliveryClient, deliveredOutcome, serveDeliveries } from '@gatehouse/delivery'
import type { DeliveryOutcome, Destination, ImContent, QueueRule } from '@gatehouse/im-model'
import { Outboxes, type OutboxOptions } from '@gatehouse/outbox'
import { compileSnapshot, type PolicyObject, type Snapshot } from '@gatehouse/policy-engine'
import { internal, network, settings } from '@gatehouse/policy-engine/test'
import { AppendReplySchema, AppendRequestSchema, type ArchiveRecord, ArchiveRecordSchema, type Entry } from '@gatehouse/proto'
import { type Logger, MetricsRegistry, silentLogger, silentTracer, type TraceContext, type Tracer } from '@gatehouse/telemetry'
import { bridgeConfigOf, buildPublicImBridge, type PublicImBridge } from '../mod.ts'

/** One internal domain, federation on, the network `loop` with loop.example. */
export const openPolicy: readonly PolicyObject[] = [
  internal('contoso.example'),
  settings(),
  network('loop', { protocol: 'loopback', domains: ['loop.example'] }),
]

export interface RigOptions {
  readonly bus?: Bus
  readonly replica?: string
  readonly objects?: readonly PolicyObject[]
  readonly connectors?: readonly ConnectorFactory<never>[]
  readonly networks?: Readonly<Record<string, unknown>>
  readonly log?: Logger
  /** Messages may wait. */
  readonly outbox?: Partial<OutboxOptions>
  readonly tracer?: Tracer
}

const KEY = new Uint8Array(32).fill(7)
let ids = 0

/** A bridge with a network in memory, an archive that takes everything and an inside that writes down what it gets. */
export class BridgeRig {
  readonly bus: Bus
  readonly network = new LoopbackNetwork('loop.example')
  readonly bridge: PublicImBridge
  readonly outboxes: Outboxes | undefined
  readonly metrics = new MetricsRegistry()
  /** What came to the SIP side, in order. */
  readonly inside: Delivery[] = []
  readonly records: ArchiveRecord[] = []
  snapshot: Snapshot | undefined
  /** How the SIP side answers. */
  answer: (delivery: Delivery) => Promise<DeliveryOutcome> = () => Promise.resolve(deliveredOutcome())
  /** Empty: the archive commits; else the code it refuses with. */
  archiveRefuses = ''
  readonly #ownsBus: boolean
  readonly #client: DeliveryClient

  constructor(options: RigOptions = {}) {
    this.bus = options.bus ?? createEmbeddedBus(options.outbox === undefined ? {} : { work: openWorkFile(':memory:') })
    this.#ownsBus = options.bus === undefined
    this.#client = new DeliveryClient(this.bus)
    this.snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 3, issuedAtMs: 0, objects: options.objects ?? openPolicy })
    const connectors = options.connectors ?? [loopback(this.network) as unknown as ConnectorFactory<never>]
    const networks = options.networks ?? { loop: { protocol: 'loopback', settings: {} } }
    const config = bridgeConfigOf(connectors).parse({
      replica: options.replica ?? 'r0',
      networks,
      stopGraceMs: 100,
      deliverTimeoutMs: 5_000,
    })
    const log = options.log ?? silentLogger
    const policy = { current: () => this.snapshot }
    const { bus, metrics } = this
    const tracer = options.tracer ?? silentTracer
    if (options.outbox !== undefined) this.outboxes = new Outboxes({ bus, metrics: new MetricsRegistry(), log, options: options.outbox })
    this.bridge = buildPublicImBridge(config, { bus, policy, log, metrics, tracer, connectors, sealKey: KEY, outboxes: this.outboxes })
  }

  /** `withSurroundings`: also the archive and the SIP side, once per bus. */
  async start(withSurroundings = true): Promise<this> {
    if (withSurroundings) {
      await this.bus.serve(busSubjects.archiveAppend.name, 'archive', (message) => this.#append(message.data))
      await serveDeliveries(this.bus, deliverSubject('sip'), 'deliver', (delivery) => {
        this.inside.push(delivery)
        return this.answer(delivery)
      })
    }
    await this.bridge.start()
    return this
  }

  async stop(): Promise<void> {
    await this.bridge.stop()
    this.outboxes?.close()
    if (this.#ownsBus) await this.bus.close(0)
  }

  /** As the SIP side would send to the network. */
  send(
    content: ImContent | string,
    more: { to?: string; id?: number; conversation?: string; timeoutMs?: number; queue?: QueueRule; trace?: TraceContext } = {},
  ): Promise<DeliveryOutcome> {
    const id = new Uint8Array(16)
    new DataView(id.buffer).setUint32(12, more.id ?? ++ids)
    const destination: Destination = { to: 'network', network: 'loop', protocol: 'loopback', domain: 'loop.example' }
    const delivery: Delivery = {
      envelope: {
        id,
        receivedAtMs: 0,
        from: { user: 'alice', domain: 'contoso.example' },
        to: { user: more.to ?? 'bob', domain: 'loop.example' },
        conversation: more.conversation ?? 'c1',
        content: typeof content === 'string' ? { kind: 'message', messageId: `m${ids}`, text: content } : content,
      },
      destination,
      decision: {
        mark: 'verified',
        evidence: 'V3',
        direction: 'outbound',
        peerClass: 'bridge',
        partner: 'loop',
        revision: 3,
        ...(more.queue === undefined ? {} : { queue: more.queue, isOnRecord: true }),
      },
      timeoutMs: more.timeoutMs ?? 5_000,
      forwardedBy: '',
      trace: more.trace,
    }
    return new Promise((resolve) => this.#client.deliver(delivery, resolve))
  }

  entries(): Entry[] {
    return this.records.flatMap(({ content }) => (content.case === 'entry' ? [content.value] : []))
  }

  /** Resolves when the archive has at least so many entries. */
  async whenRecorded(count: number): Promise<void> {
    while (this.entries().length < count) await new Promise((resolve) => setImmediate(resolve))
  }

  #append(data: Uint8Array): Uint8Array {
    const { records } = fromBinary(AppendRequestSchema, data)
    const results = records.map((record) => {
      if (this.archiveRefuses !== '') return { refusal: this.archiveRefuses }
      this.records.push(fromBinary(ArchiveRecordSchema, record))
      return { sequence: BigInt(this.records.length) }
    })
    return toBinary(AppendReplySchema, create(AppendReplySchema, { results }))
  }
}
