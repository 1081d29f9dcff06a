import { createHash } from 'node:crypto'
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type MsgRequest,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { busSubjects } from './subjects.ts'
import type { LaneState, Work } from './work-queue.ts'
import { WORK_ID_MEMORY_MS } from './work-queue.ts'

const STREAM = busSubjects.outboxStream.name
const ROOT = 'gh.v1.outbox'
const LANE_HEADER = 'Gatehouse-Lane'
const KEY_HEADER = 'Gatehouse-Key'
const ID_HEADER = 'Nats-Msg-Id'
/** Server error 10037: no message found; 10057: the same when deleting. */
const GONE: ReadonlySet<number> = new Set([10037, 10043, 10057])

/** Work as the stream holds it; attempts stand elsewhere. */
export type StoredWork = Omit<Work, 'attempts'>

/** The stream behind all work queues: one subject per queue, lane and key. Reads go to its leader, so that nothing is seen that was taken out. */
export class NatsWorkStream {
  readonly #manager: JetStreamManager
  readonly #queue: string

  private constructor(manager: JetStreamManager, queue: string) {
    this.#manager = manager
    this.#queue = queue
  }

  static async open(connection: NatsConnection, queue: string, replicas: number): Promise<NatsWorkStream> {
    const manager = await jetstreamManager(connection)
    const config = {
      name: STREAM,
      subjects: [`${ROOT}.>`],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      // What is acknowledged is never dropped to make room.
      discard: DiscardPolicy.New,
      num_replicas: replicas,
      duplicate_window: WORK_ID_MEMORY_MS * 1e6,
    }
    // An operator's own limits on a stream that is there already are left alone.
    const exists = await manager.streams.info(STREAM).then(
      () => true,
      (thrown: unknown) => {
        if (thrown instanceof JetStreamApiError) return false
        throw thrown
      },
    )
    if (!exists) await manager.streams.add(config)
    return new NatsWorkStream(manager, queue)
  }

  /** Word of a lane or key: they may hold what no subject may. */
  static word(text: string): string {
    return createHash('sha256').update(text).digest('base64url').slice(0, 22)
  }

  subjectOf(lane: string, key: string): string {
    return `${ROOT}.${this.#queue}.${NatsWorkStream.word(lane)}.${NatsWorkStream.word(key)}`
  }

  get allSubjects(): string {
    return `${ROOT}.${this.#queue}.*.*`
  }

  static headersOf(id: string, lane: string, key: string): Record<string, string> {
    return { [ID_HEADER]: id, [LANE_HEADER]: encodeURIComponent(lane), [KEY_HEADER]: encodeURIComponent(key) }
  }

  /** Lane and key of a message on its way to the stream. */
  static namesOf(headers: Readonly<Record<string, string>>): { lane: string; key: string } {
    return { lane: decodeURIComponent(headers[LANE_HEADER] ?? ''), key: decodeURIComponent(headers[KEY_HEADER] ?? '') }
  }

  /** The first work of a lane, or of one key in it, from a position on. */
  async next(laneWord: string, fromPosition: number, keyWord = '*'): Promise<StoredWork | undefined> {
    const query = { seq: Math.max(1, fromPosition), next_by_subj: `${ROOT}.${this.#queue}.${laneWord}.${keyWord}` }
    return storedWork(await this.#manager.streams.getMessage(STREAM, query as MsgRequest))
  }

  async at(position: number): Promise<StoredWork | undefined> {
    return storedWork(await this.#manager.streams.getMessage(STREAM, { seq: position }))
  }

  async remove(position: number): Promise<void> {
    try {
      await this.#manager.streams.deleteMessage(STREAM, position, false)
    } catch (thrown) {
      if (!(thrown instanceof JetStreamApiError && GONE.has(thrown.code))) throw thrown
    }
  }

  async lanes(): Promise<readonly LaneState[]> {
    const info = await this.#manager.streams.info(STREAM, { subjects_filter: this.allSubjects })
    const counts = new Map<string, number>()
    for (const [subject, count] of Object.entries(info.state.subjects ?? {})) {
      const laneWord = subject.split('.')[4] ?? ''
      counts.set(laneWord, (counts.get(laneWord) ?? 0) + count)
    }
    const lanes: LaneState[] = []
    for (const [laneWord, count] of counts) {
      const oldest = await this.next(laneWord, 0)
      if (oldest !== undefined) lanes.push({ lane: oldest.lane, count, oldestPutAtMs: oldest.putAtMs })
    }
    return lanes.sort((a, b) => (a.lane < b.lane ? -1 : 1))
  }
}

function storedWork(message: StoredMsg | null): StoredWork | undefined {
  if (message === null) return undefined
  const { header } = message
  const names = NatsWorkStream.namesOf({ [LANE_HEADER]: header.get(LANE_HEADER), [KEY_HEADER]: header.get(KEY_HEADER) })
  return { ...names, id: header.get(ID_HEADER), position: message.seq, putAtMs: message.time.getTime(), data: message.data }
}
