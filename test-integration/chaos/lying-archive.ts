import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Bus, type BusReply, busSubjects } from '@gatehouse/bus'
import { AppendReplySchema, AppendRequestSchema, ArchiveRecordSchema } from '@gatehouse/proto'

/** How an archive can break its word. */
const LIES = ['forget', 'twice', 'early', 'none'] as const
/** So long it has answered before it records. */
const EARLY_MS = 600
const TIMEOUT_MS = 5_000

/**
 * An archive beside the real one, in its queue, that does not do what it answers: it records nothing of one batch, something twice of another,
 * and answers for a third long before it records it. What it does record the real archive records. For the test that the checker notices.
 */
export async function startLyingArchive(bus: Bus): Promise<void> {
  const { name, queue } = busSubjects.archiveAppend
  /** What comes from itself, and is the real one's to take. */
  const own = new Set<string>()
  let batches = 0
  const ask = (data: Uint8Array): Promise<BusReply> => new Promise((resolve) => bus.request(name, data, TIMEOUT_MS, resolve))
  /** Whoever of the queue gets it: until it is not this one. */
  const record = async (data: Uint8Array): Promise<Uint8Array> => {
    const key = Buffer.from(data).toString('latin1')
    own.add(key)
    try {
      for (;;) {
        const reply = await ask(data)
        if (reply.ok && reply.data.length > 0) return reply.data
      }
    } finally {
      own.delete(key)
    }
  }
  await bus.serve(name, queue, async ({ data }) => {
    if (own.has(Buffer.from(data).toString('latin1'))) return new Uint8Array()
    const { records } = fromBinary(AppendRequestSchema, data)
    const lie = records.some(isMessage) ? LIES[batches++ % LIES.length] : 'none'
    if (lie === 'none') return await record(data)
    if (lie === 'twice') {
      const reply = await record(data)
      await record(toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: records.filter(isMessage).map(underAnotherId) })))
      return reply
    }
    if (lie === 'early') setTimeout(() => void record(data), EARLY_MS)
    const results = records.map((_, at) => ({ sequence: BigInt(at + 1), duplicate: false, refusal: '' }))
    return toBinary(AppendReplySchema, create(AppendReplySchema, { results }))
  })
}

function isMessage(record: Uint8Array): boolean {
  return fromBinary(ArchiveRecordSchema, record).content.case === 'entry'
}

function underAnotherId(bytes: Uint8Array): Uint8Array {
  const record = fromBinary(ArchiveRecordSchema, bytes)
  if (record.content.case === 'entry' && record.content.value.envelope !== undefined) {
    const { envelope } = record.content.value
    envelope.id = envelope.id.toReversed()
    envelope.idempotencyKey = envelope.idempotencyKey.toReversed()
  }
  return toBinary(ArchiveRecordSchema, record)
}
