import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { ArchiveRecordSchema, type Entry, type ExplainArchivedRequest, type ExplainArchivedResponseSchema } from '@gatehouse/proto'
import { type ArchivedMessage, EntryReader, replay } from '@gatehouse/receipt'
import type { RpcContext } from '@gatehouse/rpc'
import type { PolicyBook } from '../apply/policy-book.ts'
import { policyError } from '../errors.ts'
import { decidingObject, sourceOf } from '../explain/deciding-object.ts'
import { decisionMessage } from '../serve/decision-message.ts'
import type { RevisionRow } from '../store/revision-store.ts'
import type { ArchiveSource } from './archive-source.ts'
import { describeInputs } from './describe-inputs.ts'
import type { PastSnapshots } from './past-snapshots.ts'

export interface ReplayDeps {
  readonly book: PolicyBook
  readonly past: PastSnapshots
  /** Undefined: this process cannot reach one. */
  readonly archive: () => ArchiveSource | undefined
}

type Answer = MessageInitShape<typeof ExplainArchivedResponseSchema>

/** Why an archived message got its verdict: replayed on the revision that gave it, and on the one in force. The archive notes who asked. */
export async function explainArchived(
  { book, past, archive }: ReplayDeps,
  request: ExplainArchivedRequest,
  context: RpcContext,
): Promise<Answer> {
  const source = archive()
  if (source === undefined) throw policyError('GH-REVISION-NO-ARCHIVE')
  const { record } = await source.get(request.envelopeId, 'explain', context)
  const { message, entry } = readEntry(record?.record ?? new Uint8Array(0))
  const { revision } = message.recorded
  const answer: Answer = {
    envelope: entry.envelope === undefined ? undefined : { ...entry.envelope, body: new Uint8Array(0) },
    recorded: entry.decision,
    inputs: describeInputs(message),
  }
  const snapshot = await past.at(revision)
  if (snapshot === undefined) return { ...answer, unreplayable: `revision ${revision} is not known here` }
  const again = replay(snapshot, message)
  const made = await book.row(revision)
  // the record has the object for refusals, the replay for both
  const key = sourceOf(entry.decision) || ('verdict' in again ? sourceOf(again) : '')
  const common: Answer = {
    ...answer,
    deciding: await decidingObject(book, { objects: snapshot.document.objects, revision }, key),
    revision: made === undefined ? undefined : revisionMessage(made),
  }
  if (!('verdict' in again)) return { ...common, unreplayable: again.reason }
  return { ...common, replayed: decisionMessage(again), ...presentVerdict(book, message) }
}

function readEntry(record: Uint8Array): { readonly message: ArchivedMessage; readonly entry: Entry } {
  const message = new EntryReader().read(record)
  const { content } = fromBinary(ArchiveRecordSchema, record)
  if (message === undefined || content.case !== 'entry') throw policyError('GH-REVISION-NO-ARCHIVE', 'The record is no message.')
  return { message, entry: content.value }
}

function presentVerdict(book: PolicyBook, message: ArchivedMessage): Pick<Answer, 'present'> {
  const present = replay(book.snapshot(), message)
  return 'verdict' in present ? { present: decisionMessage(present) } : {}
}

function revisionMessage(row: RevisionRow): NonNullable<Answer['revision']> {
  return { ...row, revision: BigInt(row.revision), atUs: BigInt(row.atMs) * 1000n }
}
