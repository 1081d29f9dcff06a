import type { KeyObject } from 'node:crypto'
import { type Bus, type BusKv, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import { compileSnapshot, type Snapshot } from '@gatehouse/policy-engine'
import { assembleSnapshot, type ReadChunks } from './assemble-snapshot.ts'
import { ClockWatch } from './clock-watch.ts'
import { type FollowCode, followCodes } from './errors.ts'
import { hashOfPartKey, type Manifest } from './manifest.ts'
import { PartShelf } from './part-shelf.ts'
import { keyIdOf, unseal } from './seal.ts'
import { decodeHeartbeat, decodeManifest, decodeSnapshot, HEARTBEAT_KEY, SNAPSHOT_KEY } from './snapshot-payload.ts'

export interface FollowerLog {
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
}

export interface FollowerDeps {
  readonly bus: Bus
  /** Keys the policy service may sign with; two while a key is rolled over. */
  readonly publicKeys: readonly KeyObject[]
  /** Who reports the revision in force; service and replica name as in status displays. */
  readonly service: string
  readonly replica: string
  readonly log: FollowerLog
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number
  /** Without a sign of life of the policy service for so long the snapshot no longer counts; 0: it always does. */
  readonly maxStalenessMs: number
  /** After each swap. */
  readonly onSnapshot?: (snapshot: Snapshot) => void
}

export interface Refusal {
  readonly code: FollowCode
  readonly detail: string
  readonly atMs: number
}

/**
 * Keeps the newest properly signed snapshot of the `policy` bucket in force: verified, compiled, swapped in one assignment.
 * What cannot be taken is refused with a code and leaves the one in force alone.
 */
export class SnapshotFollower {
  readonly #deps: FollowerDeps
  readonly #keys: ReadonlyMap<string, KeyObject>
  #snapshot: Snapshot | undefined
  #freshMs = 0
  /** Since when the snapshot is in force. */
  #sinceMs = 0
  #heartbeatMs = 0
  #refusal: Refusal | undefined
  readonly #clocks = new ClockWatch()
  readonly #shelf = new PartShelf()
  /** Of the snapshot in force, when it came in parts. */
  #chunks: ReadChunks = new Map()
  /** The newest manifest that is not in force yet. */
  #wanted: Manifest | undefined
  #subscription: BusSubscription | undefined
  #replicas: BusKv | undefined

  constructor(deps: FollowerDeps) {
    this.#deps = deps
    this.#keys = new Map(deps.publicKeys.map((key) => [keyIdOf(key), key]))
  }

  /** Resolves when the watch stands; what is in the bucket already arrives like a change. */
  async start(): Promise<void> {
    const { bus } = this.#deps
    this.#replicas = await bus.kv(busSubjects.replicasBucket.name)
    const policy = await bus.kv(busSubjects.policyBucket.name)
    this.#subscription = await policy.watch((key, value) => this.handleEntry(key, value))
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    this.#subscription = undefined
    await this.#replicas?.delete(this.#replicaKey()).catch(() => undefined)
  }

  /** The snapshot to decide with; undefined while there is none, or when the policy service has been silent for too long. */
  current(nowMs: number): Snapshot | undefined {
    return this.isStale(nowMs) ? undefined : this.#snapshot
  }

  isStale(nowMs: number): boolean {
    const { maxStalenessMs } = this.#deps
    return this.#snapshot !== undefined && maxStalenessMs > 0 && nowMs - this.#freshMs > maxStalenessMs
  }

  /** Revision of the snapshot it has, stale or not; 0: none. */
  get revision(): number {
    return this.#snapshot?.revision ?? 0
  }

  /** Since the policy service was last heard of; 0 while there is no snapshot. */
  ageMs(nowMs: number): number {
    return this.#snapshot === undefined ? 0 : Math.max(0, nowMs - this.#freshMs)
  }

  /** For health displays: traffic goes on with a clock that is off, but somebody has to see it. */
  clockCheck(): { name: string; isOk: boolean; detail: string } {
    const { isApart, skewMs } = this.#clocks
    return {
      name: 'clock',
      isOk: !isApart,
      detail: isApart ? `GH-CLOCK-SKEW ${skewMs} ms behind the policy service` : 'with the policy service',
    }
  }

  /** The last thing that was refused, for health displays. */
  refusal(): Refusal | undefined {
    return this.#refusal
  }

  /** One entry of the bucket, as the watch brings it. Never throws. */
  handleEntry(key: string, value: Uint8Array | undefined): void {
    const part = hashOfPartKey(key)
    if (part !== undefined) {
      this.#takePart(part, value)
      return
    }
    // deleting the entry takes no policy away: a replica goes on with what it verified
    if (value === undefined || (key !== SNAPSHOT_KEY && key !== HEARTBEAT_KEY)) return
    const unsealed = unseal(value, this.#keys)
    if (!unsealed.ok) {
      this.#refuse(key, unsealed.code, unsealed.detail)
      return
    }
    if (key === SNAPSHOT_KEY) this.#takeSnapshot(unsealed.payload)
    else this.#takeHeartbeat(unsealed.payload)
  }

  /** Parts come before the manifest that names them; one that comes late completes it. */
  #takePart(hash: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#shelf.delete(hash)
    else if (!this.#shelf.put(hash, value))
      this.#refuse(SNAPSHOT_KEY, 'GH-SNAPSHOT-INCOMPLETE', 'There are more parts than any policy has.')
    else if (this.#wanted !== undefined && this.#refusal?.code === 'GH-SNAPSHOT-INCOMPLETE' && this.#isComplete(this.#wanted)) {
      this.#assemble(this.#wanted)
    }
  }

  #takeSnapshot(payload: Uint8Array): void {
    const document = decodeSnapshot(payload)
    const manifest = document === undefined ? decodeManifest(payload) : undefined
    const head = document ?? manifest
    if (head === undefined) {
      this.#refuse(SNAPSHOT_KEY, 'GH-SNAPSHOT-UNREADABLE', 'It is of another format.')
      return
    }
    if (!this.#isNewer(head)) return
    if (manifest !== undefined) {
      this.#wanted = manifest
      this.#assemble(manifest)
    }
    if (document === undefined) return
    this.#wanted = undefined
    this.#chunks = new Map()
    try {
      this.#putInForce(compileSnapshot(document))
    } catch (thrown) {
      this.#refuse(SNAPSHOT_KEY, 'GH-SNAPSHOT-UNREADABLE', messageOf(thrown))
    }
  }

  #isNewer({ revision, issuedAtMs }: Pick<Manifest, 'revision' | 'issuedAtMs'>): boolean {
    const known = this.#wanted ?? this.#snapshot
    if (known === undefined) return true
    if (revision < known.revision) {
      this.#refuse(SNAPSHOT_KEY, 'GH-SNAPSHOT-OLDER', `Revision ${revision}; ${known.revision} is in force.`)
      return false
    }
    return revision !== known.revision || issuedAtMs > known.issuedAtMs
  }

  #isComplete({ chunks }: Manifest): boolean {
    return chunks.every(({ parts }) => parts.every((hash) => this.#shelf.get(hash) !== undefined))
  }

  #assemble(manifest: Manifest): void {
    const isWanted = (): boolean => this.#wanted === manifest
    // never rejects
    void assembleSnapshot(manifest, { parts: this.#shelf, isWanted, known: this.#chunks }).then((assembled) => {
      if (assembled === undefined || !isWanted()) return
      if (!assembled.ok) {
        this.#refuse(SNAPSHOT_KEY, assembled.code, assembled.detail)
        return
      }
      this.#wanted = undefined
      this.#chunks = assembled.chunks
      this.#putInForce(assembled.snapshot)
    })
  }

  #putInForce(snapshot: Snapshot): void {
    this.#snapshot = snapshot
    this.#freshMs = this.#deps.nowMs()
    this.#refusal = undefined
    this.#deps.log.info({ revision: snapshot.revision, objects: snapshot.document.objects.length }, 'policy in force')
    this.#sinceMs = this.#freshMs
    this.#report()
    this.#deps.onSnapshot?.(snapshot)
  }

  /** Every one is answered. A replayed heartbeat does not count, nor one of a revision that this replica does not have. */
  #takeHeartbeat(payload: Uint8Array): void {
    const heartbeat = decodeHeartbeat(payload)
    if (heartbeat === undefined) {
      this.#refuse(HEARTBEAT_KEY, 'GH-SNAPSHOT-UNREADABLE', 'It is of another format.')
      return
    }
    const ownMs = this.#deps.nowMs()
    if (this.#clocks.take(heartbeat.atMs, ownMs)) this.#logClocks()
    this.#report()
    if (heartbeat.atMs <= this.#heartbeatMs || heartbeat.revision !== this.#snapshot?.revision) return
    this.#heartbeatMs = heartbeat.atMs
    this.#freshMs = ownMs
  }

  #logClocks(): void {
    const facts = { skewMs: this.#clocks.skewMs }
    if (this.#clocks.isApart) this.#deps.log.warn({ code: 'GH-CLOCK-SKEW', ...facts }, followCodes['GH-CLOCK-SKEW'].summary)
    else this.#deps.log.info(facts, 'the clocks are together again')
  }

  #refuse(key: string, code: FollowCode, detail: string): void {
    this.#refusal = { code, detail, atMs: this.#deps.nowMs() }
    this.#deps.log.warn({ code, key, detail }, followCodes[code].summary)
  }

  /** Status only: that it fails must not keep a revision from coming into force. */
  #report(): void {
    const { service, replica, log, maxStalenessMs: staleAfterMs } = this.#deps
    if (this.#snapshot === undefined) return
    const report = { service, replica, revision: this.#snapshot.revision, sinceMs: this.#sinceMs, staleAfterMs }
    this.#replicas
      ?.put(this.#replicaKey(), new TextEncoder().encode(JSON.stringify(report)))
      .catch((thrown: unknown) => log.warn({ detail: messageOf(thrown) }, 'the revision in force was not reported'))
  }

  #replicaKey(): string {
    const { service, replica } = this.#deps
    // keys of a bucket have a narrow alphabet; the value carries the names as they are
    return `${service}.${replica}`.replace(/[^A-Za-z0-9._=/-]/g, '_')
  }
}
