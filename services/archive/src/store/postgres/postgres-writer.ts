import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import type { AppendResult } from '../../append/append-reply.ts'
import { type RecordFields, scanRecord } from '../../append/record-fields.ts'
import { type Checkpoint, signCheckpoint } from '../../chain/checkpoint.ts'
import { TreeGrower } from '../../chain/merkle-tree.ts'
import { RecordHasher } from '../../chain/record-hash.ts'
import type { SigningKey } from '../../chain/signing-key.ts'
import { BatchRecords } from '../../index/batch-records.ts'
import { clearer, type Earlier, judge } from '../../index/recent-records.ts'
import { ThreadSink } from '../../index/slice-sink.ts'
import { KeyRing } from '../../seal/key-ring.ts'
import { SealingKeys } from '../../seal/postgres-keys.ts'
import type { LogHead } from '../log-tail.ts'
import { APPEND_SQL, AppendRows } from './append-rows.ts'
import { KnownRecords } from './known-records.ts'
import { openHead } from './open-head.ts'
import { migratePostgres } from './postgres-migrations.ts'
import { openSession, type SessionRules } from './postgres-session.ts'
import { POSTGRES_SCHEMA } from './schema-name.ts'
import { sealWithKnown, sealWithNew } from './seal-entry.ts'

export interface PostgresWriterOptions extends SessionRules {
  /** 16 random bytes for a log that is made now. */
  readonly newLogId: () => Uint8Array
  /** File with the key-encryption keys; undefined: bodies are kept in clear. */
  readonly encryptionKeyFile: string | undefined
}

/** What a batch comes to at one end of the log. */
interface Prepared {
  readonly rows: AppendRows
  /** Of each row. */
  readonly fields: readonly RecordFields[]
  readonly results: readonly AppendResult[]
}

const REFUSED_MALFORMED: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-MALFORMED' }
const REFUSED_ID: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-ID-REUSED' }
const LOCK_HEAD = `BEGIN; SELECT sequence, hash, committed_at_us, keys_version FROM ${POSTGRES_SCHEMA}.head FOR UPDATE`
/** More than that of other replicas is not read while they wait. */
const MOST_READ_LOCKED = 2000
const UNKNOWN_VERSION = -1

/** Opens the log of several replicas. Rejects with what PostgreSQL says, GH-ARCHIVE-NOT-DURABLE, -SCHEMA-NEWER or -CHAIN-BROKEN. */
export async function openPostgresWriter(options: PostgresWriterOptions, onLost: (thrown: Error) => void): Promise<PostgresWriter> {
  const client = await openSession(options, onLost)
  let known: KnownRecords | undefined
  try {
    await migratePostgres(client)
    const head = await openHead(client, options.newLogId)
    const { encryptionKeyFile, url, lockTimeoutMs } = options
    const keys = encryptionKeyFile === undefined ? undefined : new SealingKeys(KeyRing.read(encryptionKeyFile))
    known = new KnownRecords(client, new ThreadSink({ url, lockTimeoutMs }))
    await known.open(head)
    return new PostgresWriter(client, head, keys, known)
  } catch (thrown) {
    known?.close()
    await client.end().catch(() => undefined)
    throw thrown
  }
}

/** One of the writers of a log in PostgreSQL. They take turns by the lock on its head. One call at a time. */
export class PostgresWriter {
  readonly #client: Client
  readonly #hasher = new RecordHasher()
  readonly #keys: SealingKeys | undefined
  readonly #known: KnownRecords
  #keysVersion = UNKNOWN_VERSION
  #head: LogHead

  constructor(client: Client, head: LogHead, keys: SealingKeys | undefined, known: KnownRecords) {
    this.#client = client
    this.#head = head
    this.#keys = keys
    this.#known = known
  }

  /** As this replica last saw it. */
  get head(): LogHead {
    return this.#head
  }

  /**
   * Commits the records in one transaction, in order, and answers for each. When it rejects, what was committed is unknown and
   * this writer must be closed.
   */
  async append(records: readonly Uint8Array[], nowUs: number): Promise<readonly AppendResult[]> {
    const scanned = records.map(scanRecord)
    try {
      return (await this.#appendAtKnownHead(records, scanned, nowUs)) ?? (await this.#appendLocked(records, scanned, nowUs))
    } catch (thrown) {
      await this.#rollBack()
      throw thrown
    }
  }

  /** After each commit: hands over to the index what has filled a part of it. Throws when the index cannot be written. */
  index(): void {
    this.#known.flush()
  }

  /** Signs the head, unless that was done since `notSinceUs`; the newest checkpoint, made now or not. */
  async sign(key: SigningKey, nowUs: number, notSinceUs: number): Promise<{ readonly checkpoint: Checkpoint | undefined; at: number }> {
    const last = await this.#lastSigned()
    if (last.signedAtUs > notSinceUs) return { checkpoint: undefined, at: last.sequence }
    try {
      const head = await this.#lockHead()
      const { sequence: signed } = await this.#lastSigned()
      if (head.sequence === signed) {
        await this.#client.query('ROLLBACK')
        return { checkpoint: undefined, at: signed }
      }
      const root = (this.#known.rootAfter(signed) ?? (await this.#treeAfter(signed))).root()
      const tree = { firstSequence: signed + 1, root }
      const checkpoint = signCheckpoint(head.sequence, head.hash, nowUs, key.privateKey, key.keyId, tree)
      await this.#keep(checkpoint)
      await this.#client.query('COMMIT')
      this.#known.beginTree()
      return { checkpoint, at: head.sequence }
    } catch (thrown) {
      await this.#rollBack()
      throw thrown
    }
  }

  /** Where the newest checkpoint is; 0: there is none. */
  async signedSequence(): Promise<number> {
    return (await this.#lastSigned()).sequence
  }

  async close(): Promise<void> {
    this.#known.close()
    await this.#client.end().catch(() => undefined)
  }

  /**
   * In one statement without a lock before it: where nobody else has appended since, and that is nearly always so with one replica, the head
   * still is what this writer thinks. Undefined: it is not, or a key is missing; nothing was written.
   */
  async #appendAtKnownHead(
    records: readonly Uint8Array[],
    scanned: readonly (RecordFields | undefined)[],
    nowUs: number,
  ): Promise<readonly AppendResult[] | undefined> {
    if (this.#keysVersion === UNKNOWN_VERSION) return undefined
    const prepared = await this.#prepare(records, scanned, nowUs, false)
    if (prepared === undefined || !(await this.#write(prepared))) return undefined
    this.#learn(prepared)
    return prepared.results
  }

  async #appendLocked(
    records: readonly Uint8Array[],
    scanned: readonly (RecordFields | undefined)[],
    nowUs: number,
  ): Promise<readonly AppendResult[]> {
    await this.#lockHead()
    const prepared = await this.#prepare(records, scanned, nowUs, true)
    if (prepared === undefined || !(await this.#write(prepared))) throw new Error('the head of the log moved although it is locked')
    await this.#client.query('COMMIT')
    this.#learn(prepared)
    return prepared.results
  }

  /** `isLocked`: keys may be made. Undefined where one would have to be. */
  async #prepare(
    records: readonly Uint8Array[],
    scanned: readonly (RecordFields | undefined)[],
    nowUs: number,
    isLocked: boolean,
  ): Promise<Prepared | undefined> {
    let { sequence, hash } = this.#head
    // Time never runs backwards in the log, whichever replica's clock does.
    const committedAtUs = Math.max(nowUs, this.#head.committedAtUs)
    const rows = new AppendRows(sequence, committedAtUs)
    const batch = new BatchRecords()
    const kept: RecordFields[] = []
    const results: AppendResult[] = []
    const inBatch = (fields: RecordFields, record: Uint8Array): Earlier => {
      let earlier: Earlier
      for (const at of batch.suspects(fields)) {
        const suspect = { sequence: this.#head.sequence + at + 1, committedAtUs, record: rows.recordAt(at), fields: kept[at]! }
        earlier = clearer(earlier, judge(fields, record, suspect, committedAtUs))
      }
      return earlier
    }
    for (const [at, fields] of scanned.entries()) {
      const given = records[at]!
      if (fields === undefined) {
        results.push(REFUSED_MALFORMED)
        continue
      }
      const question = this.#known.earlier(fields, given, committedAtUs)
      const earlier = clearer(question === undefined ? undefined : await question, inBatch(fields, given))
      if (earlier !== undefined) {
        results.push(earlier === 'id-reused' ? REFUSED_ID : { sequence: earlier.sequence, isDuplicate: true, refusal: '' })
        continue
      }
      const sealed = isLocked ? await this.#sealNow(given, fields) : sealWithKnown(this.#keys, given, fields)
      if (sealed === 'unfit') {
        results.push(REFUSED_MALFORMED)
        continue
      }
      if ('missing' in sealed) return undefined
      sequence++
      hash = this.#hasher.hashOf(sequence, committedAtUs, hash, sealed.record)
      batch.add(rows.count, fields)
      rows.add(sealed.record, hash)
      kept.push(fields)
      results.push({ sequence, isDuplicate: false, refusal: '' })
    }
    return { rows, fields: kept, results }
  }

  async #sealNow(record: Uint8Array, fields: RecordFields): Promise<{ readonly record: Uint8Array } | 'unfit'> {
    const sealed = await sealWithNew(this.#client, this.#keys, record, fields)
    return sealed === undefined ? 'unfit' : { record: sealed }
  }

  /** False: the log does not end where this writer thinks. */
  async #write({ rows }: Prepared): Promise<boolean> {
    if (rows.count === 0) return true
    const { rowCount } = await this.#client.query({ name: 'gatehouse-append', text: APPEND_SQL, values: rows.values(this.#keysVersion) })
    return rowCount === rows.count
  }

  #learn({ rows, fields }: Prepared): void {
    const before = this.#head.sequence
    const { committedAtUs } = rows.headAfter(this.#head)
    for (const [at, each] of fields.entries())
      this.#known.add({ sequence: before + at + 1, committedAtUs, hash: rows.hashAt(at), record: rows.recordAt(at) }, each)
    this.#head = rows.headAfter(this.#head)
  }

  /** Locks the head and learns of what others appended. */
  async #lockHead(): Promise<LogHead> {
    for (;;) {
      // Two statements in one message: their results come as an array, which the types of the driver do not say.
      const answered = (await this.#client.query(LOCK_HEAD)) as unknown as readonly { readonly rows: readonly Record<string, unknown>[] }[]
      const row = answered[1]?.rows[0] ?? {}
      const head = { sequence: Number(row['sequence']), hash: row['hash'] as Buffer, committedAtUs: Number(row['committed_at_us']) }
      const isFar = head.sequence - this.#known.upTo > MOST_READ_LOCKED
      if (isFar) await this.#client.query('ROLLBACK')
      await this.#known.catchUp(head.sequence)
      if (isFar) continue
      this.#keysVersion = Number(row['keys_version'])
      this.#keys?.refresh(this.#keysVersion)
      this.#head = head
      return head
    }
  }

  async #lastSigned(): Promise<{ readonly sequence: number; readonly signedAtUs: number }> {
    const { rows } = await this.#client.query<{ sequence: string; signed_at_us: string }>(
      `SELECT sequence, signed_at_us FROM ${POSTGRES_SCHEMA}.checkpoint ORDER BY sequence DESC LIMIT 1`,
    )
    return { sequence: Number(rows[0]?.sequence ?? 0), signedAtUs: Number(rows[0]?.signed_at_us ?? 0) }
  }

  async #treeAfter(sequence: number): Promise<TreeGrower> {
    const { rows } = await this.#client.query<{ hash: Buffer }>(
      `SELECT hash FROM ${POSTGRES_SCHEMA}.record WHERE sequence > $1 ORDER BY sequence`,
      [sequence],
    )
    const tree = new TreeGrower()
    for (const row of rows) tree.add(row.hash)
    return tree
  }

  async #keep({ sequence, hash: signed, signedAtUs, keyId, signature, tree }: Checkpoint): Promise<void> {
    await this.#client.query(`INSERT INTO ${POSTGRES_SCHEMA}.checkpoint VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
      sequence,
      Buffer.from(signed),
      signedAtUs,
      keyId,
      Buffer.from(signature),
      tree?.firstSequence ?? 0,
      Buffer.from(tree?.root ?? []),
    ])
  }

  async #rollBack(): Promise<void> {
    this.#keys?.forget()
    // Where the connection is gone there is nothing to roll back; whoever appended learns of it by the first error.
    await this.#client.query('ROLLBACK').catch(() => undefined)
  }
}
