import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import type { ArchiveConfig } from '../config.ts'
import { archiveError } from '../errors.ts'
import type { Awaitable, LogSource } from '../store/log-source.ts'
import { CheckpointCourier } from './checkpoint-courier.ts'
import { CheckpointStore } from './checkpoint-store.ts'

const LOOK_EVERY_MS = 2_000

/** Delivery of checkpoints to S3 while the service runs. */
export class CheckpointDelivery {
  readonly #store: CheckpointStore
  readonly #courier: CheckpointCourier
  readonly #openLog: () => Awaitable<LogSource> | undefined
  #reader: LogSource | undefined
  #timer: NodeJS.Timeout | undefined

  /** `openLog`: undefined while there is no log. Throws GH-ARCHIVE-CHECKPOINT-STORE when the credentials cannot be read. */
  constructor(section: NonNullable<ArchiveConfig['checkpoint']['s3']>, openLog: () => Awaitable<LogSource> | undefined) {
    const { credentialsFile, ...options } = section
    this.#store = new CheckpointStore({ ...options, credentials: readCredentials(credentialsFile) }, { fetch, nowMs: Date.now })
    this.#courier = new CheckpointCourier(this.#store, async (after) => {
      this.#reader ??= await this.#openLog()
      return (await this.#reader?.checkpoints(after, Number.MAX_SAFE_INTEGER)) ?? []
    })
    this.#openLog = openLog
  }

  get trouble(): string {
    return this.#courier.trouble
  }

  /** Rejects with GH-ARCHIVE-CHECKPOINT-STORE: evidence that cannot be kept is no reason to begin. */
  check(): Promise<void> {
    return this.#store.check()
  }

  start(): void {
    this.#timer = setInterval(() => void this.#courier.run(), LOOK_EVERY_MS)
    void this.#courier.run()
  }

  /** Delivers the checkpoint of the stop, too. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#timer !== undefined) await this.#courier.run()
    await this.#reader?.close()
    this.#reader = undefined
  }
}

function readCredentials(file: string): { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined } {
  try {
    const [accessKeyId = '', secretAccessKey = '', sessionToken] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
    if (accessKeyId === '' || secretAccessKey === '') throw new Error('two lines are needed: access key id and secret')
    return { accessKeyId, secretAccessKey, sessionToken }
  } catch (thrown) {
    throw archiveError('GH-ARCHIVE-CHECKPOINT-STORE', `${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}
