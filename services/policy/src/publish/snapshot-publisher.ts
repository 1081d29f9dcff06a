import { type Bus, type BusKv, busSubjects } from '@gatehouse/bus'
import { GatewayError, messageOf } from '@gatehouse/errors'
import type { SnapshotDocument } from '@gatehouse/policy-engine'
import {
  decodeHead,
  encodeHeartbeat,
  encodeManifest,
  encodeSnapshot,
  HEARTBEAT_KEY,
  SNAPSHOT_KEY,
  type SplitSnapshot,
  seal,
  splitSnapshot,
  unseal,
} from '@gatehouse/policy-follow'
import type { Logger } from '@gatehouse/telemetry'
import { policyError } from '../errors.ts'
import { PartWriter } from './part-writer.ts'
import type { SnapshotKey } from './signing-key.ts'

export interface PublisherDeps {
  readonly bus: Bus
  readonly key: SnapshotKey
  readonly log: Logger
  readonly nowMs: () => number
  /** What is in force now. */
  readonly document: () => SnapshotDocument
  /** The parts of a large one, when they are made already. */
  readonly split: () => SplitSnapshot | undefined
  /** Looks whether another replica has put something newer in force. */
  readonly refresh: () => Promise<void>
}

/** Up to here a snapshot is one entry, compiled at once in a few milliseconds; beyond it is cut into parts. About 200 bytes an object. */
const MAX_WHOLE_OBJECTS = 1_000
const MAX_WHOLE_BYTES = 262_144
/** Well below what one message of the bus may carry, whatever is around it. */
const MAX_PART_BYTES = 262_144

/** How large a part of a snapshot may be on this bus. */
export function partBytes({ maxPayloadBytes }: Pick<Bus, 'maxPayloadBytes'>): number {
  return Math.min(MAX_PART_BYTES, maxPayloadBytes >> 1)
}

/** Other replicas may write in between so often in a row; then something is wrong. */
const MAX_ATTEMPTS = 20

/**
 * Puts the revision in force into the bucket that replicas watch, and a sign of life after it. One write at a time, always of the
 * newest revision, and only over an older one: of several policy services one publishes a revision, and none goes back. What the
 * bus would not take is tried again by the service, soon.
 */
export class SnapshotPublisher {
  readonly #deps: PublisherDeps
  #kv: BusKv | undefined
  #parts: PartWriter | undefined
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
        const code = thrown instanceof GatewayError ? thrown.code : undefined
        this.#deps.log.warn({ code, detail: this.#error }, 'the snapshot could not be published; replicas keep the one they have')
      }
    }
  }

  async #write(): Promise<void> {
    const { bus, key, nowMs } = this.#deps
    this.#kv ??= await bus.kv(busSubjects.policyBucket.name)
    this.#parts ??= new PartWriter(this.#kv)
    const revision = await this.#writeSnapshot(this.#kv, this.#parts)
    const heartbeat = encodeHeartbeat({ revision, atMs: nowMs() })
    await this.#kv.put(HEARTBEAT_KEY, seal(heartbeat, key.privateKey, key.keyId))
  }

  async #writeSnapshot(kv: BusKv, parts: PartWriter): Promise<number> {
    const { key, log, document: inForce, refresh } = this.#deps
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const entry = await kv.get(SNAPSHOT_KEY)
      const present = entry === undefined ? undefined : this.#headOf(entry.value)
      if (present !== undefined && present.revision > inForce().revision) await refresh()
      const document = inForce()
      if (present !== undefined && present.revision > document.revision) {
        throw policyError('GH-REVISION-BEHIND', `The bucket has ${present.revision}, the database ${document.revision}.`)
      }
      if (present?.revision === document.revision && present.issuedAtMs >= document.issuedAtMs) {
        this.#publishedRevision = document.revision
        await parts.repair()
        return document.revision
      }
      const payload = await this.#payloadOf(document, parts)
      // only over what was looked at: another service may have written meanwhile
      const isWritten = (await kv.put(SNAPSHOT_KEY, seal(payload, key.privateKey, key.keyId), entry?.revision ?? 0)) !== undefined
      if (!isWritten) continue
      this.#publishedRevision = document.revision
      log.info({ revision: document.revision, objects: document.objects.length, bytes: payload.length }, 'snapshot published')
      await parts.repair()
      await parts.clear()
      return document.revision
    }
    throw policyError('GH-REVISION-STORE', 'The policy bucket changes faster than it can be written.')
  }

  /** The snapshot itself, or the manifest of its parts, which lie in the bucket then. */
  async #payloadOf(document: SnapshotDocument, parts: PartWriter): Promise<Uint8Array> {
    if (document.objects.length <= MAX_WHOLE_OBJECTS) {
      const whole = encodeSnapshot(document)
      if (whole.length <= MAX_WHOLE_BYTES) {
        await parts.write(new Map())
        return whole
      }
    }
    const made = this.#deps.split()
    const split = made?.manifest.revision === document.revision ? made : await splitSnapshot(document, partBytes(this.#deps.bus))
    await parts.write(split.parts)
    return encodeManifest(split.manifest)
  }

  /** Of what is ours; anything else in the bucket is written over. */
  #headOf(value: Uint8Array): { readonly revision: number; readonly issuedAtMs: number } | undefined {
    const { publicKey, keyId } = this.#deps.key
    const unsealed = unseal(value, new Map([[keyId, publicKey]]))
    return unsealed.ok ? decodeHead(unsealed.payload) : undefined
  }
}
