import { type Bus, type BusKv, busSubjects } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { SnapshotDocument } from '@gatehouse/policy-engine'
import { encodeHeartbeat, encodeSnapshot, HEARTBEAT_KEY, SNAPSHOT_KEY, seal } from '@gatehouse/policy-follow'
import type { Logger } from '@gatehouse/telemetry'
import type { SnapshotKey } from './signing-key.ts'

export interface PublisherDeps {
  readonly bus: Bus
  readonly key: SnapshotKey
  readonly log: Logger
  readonly nowMs: () => number
  /** What is in force now. */
  readonly document: () => SnapshotDocument
}

/**
 * Puts the revision in force into the bucket that replicas watch, and a sign of life after it. One write at a time, always of the
 * newest revision; what the bus would not take is tried again with the next heartbeat.
 */
export class SnapshotPublisher {
  readonly #deps: PublisherDeps
  #kv: BusKv | undefined
  #publishedRevision = -1
  #running: Promise<void> | undefined
  #isWanted = false
  #error: string | undefined

  constructor(deps: PublisherDeps) {
    this.#deps = deps
  }

  get publishedRevision(): number {
    return this.#publishedRevision
  }

  /** Why the last attempt failed; undefined when it did not. */
  get error(): string | undefined {
    return this.#error
  }

  /** Resolves when the revision that is in force now has been written, or could not be. Never rejects. */
  publish(): Promise<void> {
    this.#isWanted = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      try {
        await this.#write()
        this.#error = undefined
      } catch (thrown) {
        this.#error = messageOf(thrown)
        this.#deps.log.warn({ detail: this.#error }, 'the snapshot could not be published; replicas keep the one they have')
      }
    }
  }

  async #write(): Promise<void> {
    const { bus, key, log, nowMs } = this.#deps
    this.#kv ??= await bus.kv(busSubjects.policyBucket.name)
    const document = this.#deps.document()
    if (document.revision !== this.#publishedRevision) {
      const payload = encodeSnapshot(document)
      await this.#kv.put(SNAPSHOT_KEY, seal(payload, key.privateKey, key.keyId))
      this.#publishedRevision = document.revision
      log.info({ revision: document.revision, objects: document.objects.length, bytes: payload.length }, 'snapshot published')
    }
    const heartbeat = encodeHeartbeat({ revision: document.revision, atMs: nowMs() })
    await this.#kv.put(HEARTBEAT_KEY, seal(heartbeat, key.privateKey, key.keyId))
  }
}
