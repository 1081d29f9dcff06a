import { type NatsConnection, nuid } from '@nats-io/transport-node'
import type { Bus } from './bus.ts'
import { requireNatsFeatures } from './nats-features.ts'
import type { NatsBusDeps, NatsBusOptions } from './nats-options.ts'
import { requireSyncAlways } from './nats-sync-check.ts'
import { NatsWorkQueue } from './nats-work-queue.ts'
import { NatsWorkStream } from './nats-work-stream.ts'
import { busSubjects } from './subjects.ts'
import type { WorkQueue } from './work-queue.ts'

/** The work queues of one NATS connection. A server that is not known to write before it acknowledges is put nothing on. */
export class NatsWork {
  readonly #bus: Bus
  readonly #connection: NatsConnection
  readonly #options: NatsBusOptions
  readonly #deps: NatsBusDeps
  readonly #queues = new Map<string, Promise<WorkQueue>>()
  readonly #holder = nuid.next()
  #trustedServerId: string | undefined
  #isFollowing = false

  constructor(bus: Bus, connection: NatsConnection, options: NatsBusOptions, deps: NatsBusDeps) {
    this.#bus = bus
    this.#connection = connection
    this.#options = options
    this.#deps = deps
  }

  queue(name: string): Promise<WorkQueue> {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const opened = this.#open(name)
    this.#queues.set(name, opened)
    opened.catch(() => this.#queues.delete(name))
    return opened
  }

  async #open(name: string): Promise<WorkQueue> {
    requireNatsFeatures(this.#connection.info?.version ?? '0', ['keyValue', 'consumerCreate', 'nextBySubject'])
    await this.#trust()
    this.#follow()
    const stream = await NatsWorkStream.open(this.#connection, name, this.#options.bucketReplicas ?? 1)
    return new NatsWorkQueue(name, {
      bus: this.#bus,
      stream,
      bucket: await this.#bus.kv(busSubjects.outboxBucket.name),
      holder: this.#holder,
      nowMs: this.#deps.nowMs,
      wallMs: this.#deps.wallMs,
      defer: this.#deps.defer,
      isTrusted: () => this.#trustedServerId !== undefined && this.#trustedServerId === this.#connection.info?.server_id,
    })
  }

  async #trust(): Promise<void> {
    const serverId = this.#connection.info?.server_id ?? ''
    await requireSyncAlways(this.#options.monitors ?? [], serverId)
    this.#trustedServerId = serverId
  }

  /** A server that came back is a new process, perhaps with another configuration. */
  #follow(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    this.#bus.onStatus((status) => {
      if (status.isConnected) void this.#trustAgain()
    })
  }

  async #trustAgain(): Promise<void> {
    try {
      await this.#trust()
    } catch {
      // Puts are refused with the reason until it is found in order.
      this.#deps.setTimer(() => void (this.#bus.status().isConnected && this.#trustAgain()), 2_000)
    }
  }
}
