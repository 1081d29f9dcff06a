import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { exportObject, keyOf, sortObjects } from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject } from '@gatehouse/policy-engine'
import {
  ArchiveRecordSchema,
  type DecidingObjectSchema,
  type Decision,
  type Entry,
  type ExplainArchivedRequest,
  type ExplainArchivedResponseSchema,
} from '@gatehouse/proto'
import { type ArchivedMessage, EntryReader, replay } from '@gatehouse/receipt'
import type { RpcContext } from '@gatehouse/rpc'
import type { PolicyBook } from '../apply/policy-book.ts'
import { policyError } from '../errors.ts'
import { decisionMessage } from '../serve/decision-message.ts'
import type { ArchiveSource } from './archive-source.ts'
import { describeInputs } from './describe-inputs.ts'

export interface ReplayDeps {
  readonly book: PolicyBook
  /** Undefined: this process cannot reach one. */
  readonly archive: () => ArchiveSource | undefined
}

/** Why an archived message got its verdict: replayed on the revision that gave it, and on the one in force. The archive notes who asked. */
export async function explainArchived(
  { book, archive }: ReplayDeps,
  request: ExplainArchivedRequest,
  context: RpcContext,
): Promise<MessageInitShape<typeof ExplainArchivedResponseSchema>> {
  const source = archive()
  if (source === undefined) throw policyError('GH-REVISION-NO-ARCHIVE')
  const { record } = await source.get(request.envelopeId, 'explain', context)
  const bytes = record?.record ?? new Uint8Array(0)
  const message = new EntryReader().read(bytes)
  const { content } = fromBinary(ArchiveRecordSchema, bytes)
  if (message === undefined || content.case !== 'entry') throw policyError('GH-REVISION-NO-ARCHIVE', 'The record is no message.')
  const entry: Entry = content.value
  const { recorded } = message
  const answer: MessageInitShape<typeof ExplainArchivedResponseSchema> = {
    envelope: entry.envelope === undefined ? undefined : { ...entry.envelope, body: new Uint8Array(0) },
    recorded: entry.decision,
    inputs: describeInputs(message),
  }
  const objects = await objectsOf(book, recorded.revision)
  if (objects === undefined) return { ...answer, unreplayable: `revision ${recorded.revision} is not known here` }
  const again = replay(compile(recorded.revision, objects), message)
  const revision = (await book.history(Number.MAX_SAFE_INTEGER)).find((row) => row.revision === recorded.revision)
  const common = {
    ...answer,
    deciding: decidingObject(objects, entry.decision, 'verdict' in again ? decisionMessage(again) : undefined),
    revision:
      revision === undefined ? undefined : { ...revision, revision: BigInt(revision.revision), atUs: BigInt(revision.atMs) * 1000n },
  }
  if (!('verdict' in again)) return { ...common, unreplayable: again.reason }
  const now = presentVerdict(book, message)
  return { ...common, replayed: decisionMessage(again), ...now }
}

function presentVerdict(
  book: PolicyBook,
  message: ArchivedMessage,
): Pick<MessageInitShape<typeof ExplainArchivedResponseSchema>, 'present'> {
  const present = replay(book.snapshot(), message)
  return 'verdict' in present ? { present: decisionMessage(present) } : {}
}

async function objectsOf(book: PolicyBook, revision: number): Promise<readonly PolicyObject[] | undefined> {
  // to the book 0 is the one in force; here it is the empty policy before the first
  if (revision === 0) return []
  try {
    return await book.objectsAt(revision)
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'GH-REVISION-UNKNOWN') return undefined
    throw thrown
  }
}

function compile(revision: number, objects: readonly PolicyObject[]) {
  return compileSnapshot({ format: 'gatehouse-snapshot/1', revision, issuedAtMs: 0, objects })
}

/** The object that the deciding step names, with its place in the export of the revision; the record has it for refusals, the replay for both. */
function decidingObject(
  objects: readonly PolicyObject[],
  recorded: Decision | undefined,
  replayed: Decision | undefined,
): MessageInitShape<typeof DecidingObjectSchema> | undefined {
  const key = sourceOf(recorded) || sourceOf(replayed)
  let line = 1
  for (const object of sortObjects(objects)) {
    const text = exportObject(object)
    if (keyOf(object) === key) return { object: key, text, line }
    // each object is followed by a line of `---`
    line += text.split('\n').length
  }
  return key === '' ? undefined : { object: key, text: '', line: 0 }
}

function sourceOf(decision: Decision | undefined): string {
  return decision?.proof.find((step) => step.rule === decision.rule)?.source ?? ''
}
