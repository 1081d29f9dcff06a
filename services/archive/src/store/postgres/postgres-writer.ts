import { Buffer } from 'node:buffer'
import { type Client, DatabaseError } from 'pg'
import type { AppendResult } from '../../append/append-reply.ts'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../../append/record-fields.ts'
import { type Checkpoint, signCheckpoint } from '../../chain/checkpoint.ts'
import { TreeGrower } from '../../chain/merkle-tree.ts'
import { RecordHasher } from '../../chain/record-hash.ts'
import type { SigningKey } from '../../chain/signing-key.ts'
import { KeyRing } from '../../seal/key-ring.ts'
import { SealingKeys } from '../../seal/postgres-keys.ts'
import { POSTGRES_SCHEMA } from '../index-tables.ts'
import type { LogHead } from '../log-tail.ts'
import { APPEND_SQL, AppendRows, digestOf } from './append-rows.ts'
import { EarlierRecords } from './earlier-records.ts'
import { openHead } from './open-head.ts'
import { migratePostgres } from './postgres-migrations.ts'
import { PostgresNames } from './postgres-names.ts'
import { openSession, type SessionRules } from './postgres-session.ts'
import { sealBatch } from './seal-batch.ts'

export interface PostgresWriterOptions extends SessionRules {
  /** 16 random bytes for a log that is made now. */
  readonly newLogId: () => Uint8Array
  /** File with the key-encryption keys; undefined: bodies are kept in clear. */
  readonly encryptionKeyFile: string | undefined
}

/** A record that is to be kept; `record` is sealed where bodies are. */
interface Accepted {
  readonly at: number
  record: Uint8Array
  readonly fields: RecordFields
}

const REFUSED_MALFORMED: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-MALFORMED' }
const REFUSED_ID: AppendResult = { sequence: 0, isDuplicate: false, refusal: 'GH-ARCHIVE-ID-REUSED' }
const LOCK_HEAD = `BEGIN; SELECT sequence, hash, committed_at_us, names_version, keys_version FROM ${POSTGRES_SCHEMA}.head FOR UPDATE`

/** Opens the log of several replicas. Rejects with what PostgreSQL says, GH-ARCHIVE-NOT-DURABLE, -SCHEMA-NEWER or -CHAIN-BROKEN. */
export async function openPostgresWriter(options: PostgresWriterOptions, onLost: (thrown: Error) => void): Promise<PostgresWriter> {
  const client = await openSession(options, onLost)
  try {
    await migratePostgres(client)
    const head = await openHead(client, options.newLogId)
    const { encryptionKeyFile } = options
    const keys = encryptionKeyFile === undefined ? undefined : new SealingKeys(KeyRing.read(encryptionKeyFile))
    return new PostgresWriter(client, head, keys)
  } catch (thrown) {
    await client.end().catch(() => undefined)
    throw thrown
  }
}

/** One of the writers of a log in PostgreSQL. They take turns by the lock on its head. One call at a time. */
export class PostgresWriter {
  readonly #client: Client
  readonly #hasher = new RecordHasher()
  readonly #names = new PostgresNames()
  readonly #keys: SealingKeys | undefined
  #head: LogHead

  constructor(client: Client, head: LogHead, keys: SealingKeys | undefined) {
    this.#client = client
    this.#head = head
    this.#keys = keys
  }

  /** As this replica last saw it. */
  get head(): LogHead {
    return this.#head
  }

  /**
   * Commits the records in one transaction, in order, and answers for each. When it rejects, what was committed is unknown and
   * this writer must be closed.
   */
  async append(records: readonly Uint8Array[], nowUs: number): Promise<AppendResult[]> {
    const scanned = records.map(scanRecord)
    try {
      return await this.#attempt(records, scanned, nowUs, false)
    } catch (thrown) {
      await this.#rollBack()
      if (!isIdTaken(thrown)) throw thrown
    }
    // Nearly never: an envelope id of this batch is in the log. Only then it is worth looking for each of them.
    try {
      return await this.#attempt(records, scanned, nowUs, true)
    } catch (thrown) {
      await this.#rollBack()
      throw thrown
    }
  }

  /** Signs the head, unless that was done since `notSinceUs`; the newest checkpoint, made now or not. */
  async sign(key: SigningKey, nowUs: number, notSinceUs: number): Promise<{ readonly checkpoint: Checkpoint | undefined; at: number }> {
    const last = await this.#lastSigned()
    if (last.signedAtUs > notSinceUs) return { checkpoint: undefined, at: last.sequence }
    const head = await this.#lockHead()
    try {
      const { sequence: signed } = await this.#lastSigned()
      if (head.sequence === signed) {
        await this.#client.query('ROLLBACK')
        return { checkpoint: undefined, at: signed }
      }
      const tree = await this.#treeAfter(signed)
      const checkpoint = signCheckpoint(head.sequence, head.hash, nowUs, key.privateKey, key.keyId, {
        firstSequence: signed + 1,
        root: tree.root(),
      })
      await this.#keep(checkpoint)
      await this.#client.query('COMMIT')
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
    await this.#client.end().catch(() => undefined)
  }

  async #attempt(
    records: readonly Uint8Array[],
    scanned: readonly (RecordFields | undefined)[],
    nowUs: number,
    isIdChecked: boolean,
  ): Promise<AppendResult[]> {
    const head = await this.#lockHead()
    // Time never runs backwards in the log, whichever replica's clock does.
    const committedAtUs = Math.max(nowUs, head.committedAtUs)
    const results: AppendResult[] = records.map(() => REFUSED_MALFORMED)
    const earlier = await EarlierRecords.read(this.#client, records, scanned, committedAtUs, isIdChecked)
    const accepted: Accepted[] = []
    for (const [at, fields] of scanned.entries()) {
      if (fields === undefined) continue
      const found = earlier.of(fields, records[at]!, at)
      if (found === 'id-reused') results[at] = REFUSED_ID
      else if (found !== undefined) results[at] = { sequence: found.sequence, isDuplicate: true, refusal: '' }
      else {
        // Found again within this batch; which sequence it gets is known once all are sealed.
        earlier.expect(fields, records[at]!, at)
        accepted.push({ at, record: records[at]!, fields })
      }
    }
    const kept = await sealBatch(this.#client, this.#keys, accepted)
    const next = await this.#write(head, committedAtUs, kept, results)
    for (const [at, first] of earlier.repeats()) results[at] = repeatOf(results[first]!)
    await this.#client.query('COMMIT')
    this.#head = next
    return results
  }

  async #write(head: LogHead, committedAtUs: number, kept: readonly Accepted[], results: AppendResult[]): Promise<LogHead> {
    if (kept.length === 0) return head
    const entries = kept.filter(({ fields }) => fields.type === RECORD_TYPE.entry)
    await this.#names.learn(
      this.#client,
      entries.map(({ fields }) => fields),
    )
    const rows = new AppendRows(head.sequence, committedAtUs)
    let last = head
    for (const { at, record, fields } of kept) {
      const sequence = last.sequence + 1
      last = { sequence, committedAtUs, hash: this.#hasher.hashOf(sequence, committedAtUs, last.hash, record) }
      rows.addRecord(record, last.hash)
      if (fields.type === RECORD_TYPE.entry) rows.addEntry(sequence, fields, this.#names.idsOf(fields))
      else if (fields.type === RECORD_TYPE.outcome) rows.addOutcome(sequence, fields, 0)
      else if (fields.type === RECORD_TYPE.outcomes) rows.addOutcome(sequence, fields, digestOf(record))
      results[at] = { sequence, isDuplicate: false, refusal: '' }
    }
    await this.#client.query({ name: 'gatehouse-append', text: APPEND_SQL, values: rows.values() })
    return last
  }

  async #lockHead(): Promise<LogHead> {
    // Two statements in one message: their results come as an array, which the types of the driver do not say.
    const answered = (await this.#client.query(LOCK_HEAD)) as unknown as readonly { readonly rows: readonly Record<string, unknown>[] }[]
    const row = answered[1]?.rows[0] ?? {}
    this.#names.refresh(Number(row['names_version']))
    this.#keys?.refresh(Number(row['keys_version']))
    return { sequence: Number(row['sequence']), hash: row['hash'] as Buffer, committedAtUs: Number(row['committed_at_us']) }
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
    this.#names.forget()
    this.#keys?.forget()
    // Where the connection is gone there is nothing to roll back; whoever appended learns of it by the first error.
    await this.#client.query('ROLLBACK').catch(() => undefined)
  }
}

function repeatOf(first: AppendResult): AppendResult {
  return first.refusal === '' ? { ...first, isDuplicate: true } : first
}

function isIdTaken(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.constraint === 'entry_envelope'
}
