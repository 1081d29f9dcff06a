import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { messageOf } from '@gatehouse/errors'
import { type Checkpoint, checkpointLine } from '../chain/checkpoint.ts'
import { archiveError } from '../errors.ts'
import { type S3Credentials, signRequest } from './sign-request.ts'

export interface CheckpointStoreOptions {
  /** For example https://objects.example.net; the bucket is the first part of the path. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before the name of each object. */
  readonly prefix: string
  readonly credentials: S3Credentials
  readonly retentionDays: number
  readonly retentionMode: 'COMPLIANCE' | 'GOVERNANCE'
  readonly timeoutMs: number
}

export interface CheckpointStoreDeps {
  readonly fetch: typeof fetch
  readonly nowMs: () => number
}

const DAY_MS = 86_400_000
const NOTHING = new Uint8Array()

/** Keeps checkpoints in an S3 bucket with object lock, where not even the owner of the archive can remove them before their time. */
export class CheckpointStore {
  readonly #options: CheckpointStoreOptions
  readonly #deps: CheckpointStoreDeps

  constructor(options: CheckpointStoreOptions, deps: CheckpointStoreDeps) {
    this.#options = options
    this.#deps = deps
  }

  /** Throws GH-ARCHIVE-CHECKPOINT-STORE unless the bucket answers and has object lock. */
  async check(): Promise<void> {
    const answer = await this.#send('GET', '', 'object-lock', {}, NOTHING)
    const text = await answer.text()
    if (answer.ok && text.includes('<ObjectLockEnabled>Enabled</ObjectLockEnabled>')) return
    const why = answer.ok ? 'it has no object lock' : `HTTP ${answer.status}`
    throw archiveError('GH-ARCHIVE-CHECKPOINT-STORE', `bucket ${this.#options.bucket}: ${why}`)
  }

  async has(sequence: number): Promise<boolean> {
    const answer = await this.#send('HEAD', keyOf(sequence), '', {}, NOTHING)
    if (answer.ok) return true
    if (answer.status === 404) return false
    throw archiveError('GH-ARCHIVE-CHECKPOINT-STORE', `HTTP ${answer.status}`)
  }

  async put(checkpoint: Checkpoint): Promise<void> {
    const body = Buffer.from(`${checkpointLine(checkpoint)}\n`)
    const until = new Date(this.#deps.nowMs() + this.#options.retentionDays * DAY_MS).toISOString()
    const headers = {
      // S3 demands the digest where retention is set.
      'content-md5': createHash('md5').update(body).digest('base64'),
      'content-type': 'application/json',
      'x-amz-object-lock-mode': this.#options.retentionMode,
      'x-amz-object-lock-retain-until-date': until,
    }
    const answer = await this.#send('PUT', keyOf(checkpoint.sequence), '', headers, body)
    if (!answer.ok) throw archiveError('GH-ARCHIVE-CHECKPOINT-STORE', `HTTP ${answer.status} ${(await answer.text()).slice(0, 200)}`)
  }

  async #send(method: string, key: string, query: string, headers: Record<string, string>, body: Uint8Array): Promise<Response> {
    const { endpoint, bucket, prefix, region, credentials, timeoutMs } = this.#options
    const path = [bucket, ...(key === '' ? [] : `${prefix}${key}`.split('/'))].map(encodeURIComponent).join('/')
    const url = new URL(`/${path}`, endpoint)
    if (query !== '') url.searchParams.set(query, '')
    const signed = signRequest({ method, url, headers, body }, region, credentials, this.#deps.nowMs())
    const content = method === 'PUT' ? { body: new Uint8Array(body) } : {}
    try {
      return await this.#deps.fetch(url, { method, headers: signed, signal: AbortSignal.timeout(timeoutMs), redirect: 'error', ...content })
    } catch (thrown) {
      throw archiveError('GH-ARCHIVE-CHECKPOINT-STORE', `${endpoint}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }
}

/** Names that sort like the sequences. */
function keyOf(sequence: number): string {
  return `${sequence.toString().padStart(16, '0')}.json`
}
