import type { KeyObject } from 'node:crypto'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  type AddHoldRequest,
  type AddHoldResponseSchema,
  type AppendReply,
  AppendReplySchema,
  AppendRequestSchema,
  ArchiveRecordSchema,
  type ArchiveService,
  type EraseRequest,
  type EraseResponseSchema,
  type ExportEntriesRequest,
  type ExportEntriesResponseSchema,
  type ExportRequest,
  type ExportResponseSchema,
  type GetRequest,
  type GetResponseSchema,
  type ListHoldsRequest,
  type ListHoldsResponseSchema,
  type ProveRequest,
  type ProveResponseSchema,
  type ReleaseHoldRequest,
  type ReleaseHoldResponseSchema,
  type ScanRequest,
  type ScanResponseSchema,
  type SearchRequest,
  type SearchResponseSchema,
  type StatusRequest,
  type StatusResponseSchema,
  type VerifyRequest,
  type VerifyResponseSchema,
} from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import { searchAddress } from '../append/search-address.ts'
import type { Committer } from '../commit/committer.ts'
import type { ArchiveConfig } from '../config.ts'
import { archiveError } from '../errors.ts'
import { expiredKeys, isHoldBounded, type Shredding, shred } from '../seal/body-keys.ts'
import { openBody } from '../seal/body-reader.ts'
import type { Hold, KeyFacts, KeyVault } from '../seal/key-vault.ts'
import type { Awaitable, LogSource } from '../store/log-source.ts'
import type { SearchTerms } from '../store/search-log.ts'
import { codeOfThrown } from '../store/sqlite-code.ts'
import { verifyStore } from '../verify/verify-store.ts'
import type { VerifyThreads } from '../verify/verify-threads.ts'
import { bodyHasText } from './body-text.ts'
import { conversationSpan } from './conversation-span.ts'
import { exportEntries } from './export-entries.ts'
import { ProofMaker } from './proof-maker.ts'
import { checkpointMessage, reportMessage, storedMessage } from './wire-records.ts'

export interface ArchiveHandlerDeps {
  /** Opens the log for reading; throws or rejects when it cannot be. */
  readonly openLog: () => Awaitable<LogSource>
  /** Threads that check the log together; closed after each check. */
  readonly openThreads: () => VerifyThreads
  readonly committer: Committer
  readonly publicKey: KeyObject
  readonly nowUs: () => number
  /** Opens the body keys; undefined: bodies are kept in clear. */
  readonly openKeys: (() => KeyVault) | undefined
  readonly retention: ArchiveConfig['retention']
}

/** What an access record needs of a call. */
type Caller = Pick<RpcContext, 'caller' | 'signal'>

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 100_000
// Small reads: the records of one page are in memory at once, and other work gets its turn between two pages.
const PAGE_RECORDS = 200
/** With one message of the largest size on top it still fits into one answer. */
const PAGE_BYTES = 1_048_576
const MAX_NAME_CHARS = 300
const NEVER = new AbortController().signal

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The calls of `ArchiveService` (archive.proto), free of transport. */
export class ArchiveHandlers implements RpcHandlers<typeof ArchiveService> {
  readonly #deps: ArchiveHandlerDeps
  #reader: Promise<LogSource> | undefined
  #keyVault: KeyVault | undefined

  constructor(deps: ArchiveHandlerDeps) {
    this.#deps = deps
  }

  async *search(request: SearchRequest, caller: Caller): AsyncIterable<MessageInitShape<typeof SearchResponseSchema>> {
    const asked = termsOf(request)
    const conversationOf = Buffer.from(request.conversationOf).toString('hex')
    await this.#recordAccess('search', caller, { ...asked, text: request.text, conversationOf }, request.reason)
    await this.#deps.committer.settle()
    const reader = await this.#open()
    const terms = conversationOf === '' ? asked : await withinConversation(reader, request.conversationOf, asked)
    let left = Math.min(request.limit === 0 ? DEFAULT_LIMIT : request.limit, MAX_LIMIT)
    let before = terms.beforeSequence
    while (left > 0 && !caller.signal.aborted) {
      const page = await reader.search(before === undefined ? terms : { ...terms, beforeSequence: before }, PAGE_RECORDS)
      for (const stored of await reader.storedAll(page)) {
        const opened = await openBody(stored.record, this.#keys())
        if (!bodyHasText(stored.record, request.text, opened)) continue
        yield { record: storedMessage(stored, opened) }
        if (--left === 0) return
      }
      if (page.length < PAGE_RECORDS) return
      before = page.at(-1)
      await nextTurn()
    }
  }

  async get(request: GetRequest, caller: Caller): Promise<MessageInitShape<typeof GetResponseSchema>> {
    const id = Buffer.from(request.envelopeId).toString('hex')
    await this.#recordAccess('get', caller, { envelopeId: id, ...askedFor(request.onBehalfOf) }, request.reason)
    await this.#deps.committer.settle()
    const reader = await this.#open()
    const sequence = await reader.sequenceOfEnvelope(request.envelopeId)
    const stored = sequence === undefined ? undefined : await reader.stored(sequence)
    if (stored === undefined) throw archiveError('GH-ARCHIVE-NOT-FOUND', id)
    const outcomes = (await reader.outcomesOf(request.envelopeId)).map(({ atUs, status, code, isCertain }) => {
      return { envelopeId: request.envelopeId, atUs: BigInt(atUs), status, code, certain: isCertain }
    })
    return { record: storedMessage(stored, await openBody(stored.record, this.#keys())), outcomes }
  }

  async *verify(request: VerifyRequest, caller: Caller): AsyncIterable<MessageInitShape<typeof VerifyResponseSchema>> {
    const range = { fromSequence: Number(request.fromSequence), toSequence: Number(request.toSequence) }
    // Nothing of the content is shown, and a log that takes no records is just the one to be checked: no access record, no refusal.
    await this.#recordAccess('verify', caller, range, '').catch(() => undefined)
    await this.#deps.committer.sign()
    const reader = await this.#open()
    const runner = this.#deps.openThreads()
    try {
      for await (const { checked, total, report } of verifyStore(reader, { publicKeys: [this.#deps.publicKey], ...range, runner })) {
        if (caller.signal.aborted) return
        yield { checked: BigInt(checked), total: BigInt(total), ...(report === undefined ? {} : reportMessage(report)) }
        await nextTurn()
      }
    } finally {
      await runner.close()
    }
  }

  async *export(request: ExportRequest, caller: Caller): AsyncIterable<MessageInitShape<typeof ExportResponseSchema>> {
    const from = Math.max(1, Number(request.fromSequence))
    const wanted = Number(request.toSequence)
    await this.#recordAccess('export', caller, { fromSequence: from, toSequence: wanted }, '')
    await this.#deps.committer.sign()
    const reader = await this.#open()
    const last = wanted > 0 ? Math.min(wanted, await reader.lastSequence()) : await reader.lastSequence()
    let previousHash = await reader.hashBefore(from)
    for (let after = from - 1; after < last && !caller.signal.aborted; ) {
      const page = await reader.page(after, last, PAGE_RECORDS)
      for (const record of page) {
        yield { part: { case: 'record', value: storedMessage({ ...record, previousHash, outcomeStatus: 0 }) } }
        previousHash = record.hash
      }
      const reached = page.at(-1)?.sequence
      if (reached === undefined) return
      for (const checkpoint of await reader.checkpoints(after, reached)) {
        yield {
          part: { case: 'checkpoint', value: checkpointMessage(checkpoint) },
        }
      }
      after = reached
      await nextTurn()
    }
  }

  async prove(request: ProveRequest, caller: Caller): Promise<MessageInitShape<typeof ProveResponseSchema>> {
    const wanted = request.envelopeId.length > 0 ? Buffer.from(request.envelopeId).toString('hex') : request.sequence.toString()
    await this.#recordAccess('prove', caller, { record: wanted }, '')
    await this.#deps.committer.settle()
    await this.#deps.committer.sign()
    const reader = await this.#open()
    const sequence = request.envelopeId.length > 0 ? await reader.sequenceOfEnvelope(request.envelopeId) : Number(request.sequence)
    const stored = sequence === undefined ? undefined : await reader.stored(sequence)
    if (stored === undefined) throw archiveError('GH-ARCHIVE-NOT-FOUND', wanted)
    const { checkpoint, proof } = await new ProofMaker(reader).prove(stored.sequence)
    if (proof === undefined) throw archiveError('GH-ARCHIVE-UNPROVABLE', wanted)
    const opened = await openBody(stored.record, this.#keys())
    return {
      record: {
        record: storedMessage(stored, opened),
        messageKey: opened.messageKey,
        proof: { index: BigInt(proof.index), size: BigInt(proof.size), path: [...proof.path] },
        checkpointSequence: BigInt(checkpoint.sequence),
      },
      checkpoint: checkpointMessage(checkpoint),
    }
  }

  async *exportEntries(request: ExportEntriesRequest, caller: Caller): AsyncIterable<MessageInitShape<typeof ExportEntriesResponseSchema>> {
    const { $typeName: _, $unknown: __, ...query } = request
    const facts = Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
    )
    await this.#recordAccess('export', caller, facts, request.reason)
    await this.#deps.committer.settle()
    await this.#deps.committer.sign()
    yield* exportEntries(await this.#open(), request, { signal: caller.signal, nextTurn, keys: this.#keys() })
  }

  async erase(request: EraseRequest, caller: Caller): Promise<MessageInitShape<typeof EraseResponseSchema>> {
    if (request.user === '' || request.reason === '') throw archiveError('GH-ARCHIVE-QUERY', 'an erasure names a user and a reason.')
    const keys = this.#requireKeys()
    const subject = searchAddress(request.user)
    await this.#recordAccess('erase', caller, { user: subject }, request.reason)
    const done = await this.#shred(keys, await keys.keys({ subject }))
    await this.#recordAccess('erased', caller, { user: subject, ...done }, request.reason)
    return { destroyedKeys: BigInt(done.destroyed.length), heldKeys: BigInt(done.held.length), holds: [...done.holds] }
  }

  async addHold({ hold }: AddHoldRequest, caller: Caller): Promise<MessageInitShape<typeof AddHoldResponseSchema>> {
    const keys = this.#requireKeys()
    const { name = '', user = '', conversation = '', domain = '', reason = '', sinceUs = 0n, untilUs = 0n } = hold ?? {}
    const added = { addedBy: caller.caller, addedAtUs: this.#deps.nowUs() }
    const facts = { name, user, conversation, domain, sinceUs: Number(sinceUs), untilUs: Number(untilUs), reason, ...added }
    if (name === '' || reason === '' || !isHoldBounded(facts)) {
      throw archiveError('GH-ARCHIVE-HOLD', 'it has a name, a reason and at least one of user, conversation, domain, since, until.')
    }
    await this.#recordAccess('hold-add', caller, facts, reason)
    if (!(await keys.addHold(facts))) throw archiveError('GH-ARCHIVE-HOLD', `there is a hold ${name}.`)
    return {}
  }

  async listHolds(_request: ListHoldsRequest, caller: Caller): Promise<MessageInitShape<typeof ListHoldsResponseSchema>> {
    const keys = this.#requireKeys()
    await this.#recordAccess('hold-list', caller, {}, '')
    const wire = (hold: Hold) => ({
      ...hold,
      sinceUs: BigInt(hold.sinceUs),
      untilUs: BigInt(hold.untilUs),
      addedAtUs: BigInt(Math.trunc(hold.addedAtUs)),
    })
    return { holds: (await keys.holds()).map(wire) }
  }

  async releaseHold({ name, reason }: ReleaseHoldRequest, caller: Caller): Promise<MessageInitShape<typeof ReleaseHoldResponseSchema>> {
    const keys = this.#requireKeys()
    if (reason === '') throw archiveError('GH-ARCHIVE-HOLD', 'a release has a reason.')
    await this.#recordAccess('hold-release', caller, { name }, reason)
    if (!(await keys.releaseHold(name))) throw archiveError('GH-ARCHIVE-HOLD', `there is no hold ${name}.`)
    return {}
  }

  /** Destroys the keys whose retention is over and wraps those anew that an old key wraps. */
  async expire(): Promise<{ readonly destroyed: number; readonly held: number; readonly rewrapped: number }> {
    const keys = this.#requireKeys()
    const rewrapped = await keys.rewrap()
    const due = await expiredKeys(keys, this.#deps.retention, this.#deps.nowUs())
    if (due.length === 0) return { destroyed: 0, held: 0, rewrapped }
    const caller: Caller = { caller: 'retention', signal: NEVER }
    await this.#recordAccess('expire', caller, { keys: due.length }, 'archive.retention')
    const done = await this.#shred(keys, due)
    await this.#recordAccess('expired', caller, done, 'archive.retention')
    return { destroyed: done.destroyed.length, held: done.held.length, rewrapped }
  }

  async *scan(request: ScanRequest, caller: Caller): AsyncIterable<MessageInitShape<typeof ScanResponseSchema>> {
    const { sinceUs, untilUs } = request
    if (sinceUs < 0n || untilUs < 0n) throw archiveError('GH-ARCHIVE-QUERY', 'since and until are times after 1970.')
    const range = { sinceUs: Number(sinceUs), untilUs: Number(untilUs) }
    await this.#recordAccess('scan', caller, { ...range, ...askedFor(request.onBehalfOf) }, request.reason)
    const reader = await this.#open()
    const first = await reader.firstAt(Number(sinceUs))
    const last = untilUs === 0n ? await reader.lastSequence() : (await reader.firstAt(Number(untilUs))) - 1
    for (let after = first - 1; after < last && !caller.signal.aborted; ) {
      const page = await reader.entries(after, last, PAGE_RECORDS, PAGE_BYTES)
      if (page === undefined) return
      const { records, reached } = page
      yield { records: [...records], reachedSequence: BigInt(reached), firstSequence: BigInt(first), lastSequence: BigInt(last) }
      after = reached
      await nextTurn()
    }
  }

  async status(_request: StatusRequest, _caller: Caller): Promise<MessageInitShape<typeof StatusResponseSchema>> {
    await this.#deps.committer.settle()
    const state = this.#deps.committer.state()
    return {
      sequence: BigInt(state.sequence),
      hash: state.hash,
      lastCommitUs: BigInt(state.lastCommitUs),
      accepting: state.isAccepting,
      detail: state.isAccepting ? state.checkpointTrouble : `${state.code} ${state.detail}`,
      publicKey: this.#deps.publicKey.export({ type: 'spki', format: 'der' }),
    }
  }

  async close(): Promise<void> {
    await (await this.#reader?.catch(() => undefined))?.close()
    this.#reader = undefined
    await this.#keyVault?.shut()
    this.#keyVault = undefined
  }

  async #shred(keys: KeyVault, wanted: readonly KeyFacts[]): Promise<Shredding> {
    const reader = await this.#open()
    // Through the committer: it has then committed what it sealed with these keys, and sees that they are closed.
    return await shred(
      keys,
      wanted,
      () => reader,
      () => this.#deps.committer.settle(),
    )
  }

  #keys(): KeyVault | undefined {
    this.#keyVault ??= this.#deps.openKeys?.()
    return this.#keyVault
  }

  #requireKeys(): KeyVault {
    const keys = this.#keys()
    if (keys === undefined) throw archiveError('GH-ARCHIVE-ENCRYPTION', 'archive.encryption is not configured: no body has a key.')
    return keys
  }

  /** Once for all callers, however many come at the same time. */
  #open(): Promise<LogSource> {
    this.#reader ??= this.#openLog()
    return this.#reader
  }

  async #openLog(): Promise<LogSource> {
    try {
      return await this.#deps.openLog()
    } catch (thrown) {
      this.#reader = undefined
      const { code, detail } = codeOfThrown(thrown)
      throw archiveError(code as Parameters<typeof archiveError>[0], detail, { cause: thrown })
    }
  }

  /** Who reads is on record before anything is answered. */
  async #recordAccess(action: string, caller: Caller, query: object, reason: string): Promise<void> {
    const access = { atUs: BigInt(this.#deps.nowUs()), caller: caller.caller, action, query: JSON.stringify(query), reason }
    const record = toBinary(ArchiveRecordSchema, create(ArchiveRecordSchema, { content: { case: 'access', value: access } }))
    const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: [record] }))
    const reply = await new Promise<AppendReply>((resolve) => {
      this.#deps.committer.append(request, (bytes) => resolve(fromBinary(AppendReplySchema, bytes)))
    })
    const refusal = reply.results[0]?.refusal ?? 'GH-ARCHIVE-COMMIT'
    if (refusal !== '') throw archiveError('GH-ARCHIVE-ACCESS-UNRECORDED', refusal)
  }
}

/** The service answers for what it says here: its own name stands in the record as the caller. */
function askedFor(onBehalfOf: string): { readonly onBehalfOf?: string } {
  return onBehalfOf === '' ? {} : { onBehalfOf: onBehalfOf.slice(0, MAX_NAME_CHARS) }
}

function termsOf(request: SearchRequest): SearchTerms {
  if (request.sinceUs < 0n || request.untilUs < 0n) throw archiveError('GH-ARCHIVE-QUERY', 'since and until are times after 1970.')
  return {
    fromAddress: request.fromAddress,
    toAddress: request.toAddress,
    domain: request.domain,
    conversation: request.conversation,
    verdict: request.verdict,
    mark: request.mark,
    sinceUs: Number(request.sinceUs),
    untilUs: Number(request.untilUs),
    ...(request.beforeSequence === 0n ? {} : { beforeSequence: Number(request.beforeSequence) }),
  }
}

/** Of what is asked for, what is in the conversation of a message; where there is no such message, what is asked for with a name of that text. */
async function withinConversation(reader: LogSource, envelopeId: Uint8Array, asked: SearchTerms): Promise<SearchTerms> {
  const span = await conversationSpan(reader, envelopeId)
  if (span === undefined && asked.conversation) return asked
  if (span === undefined) throw archiveError('GH-ARCHIVE-NOT-FOUND', Buffer.from(envelopeId).toString('hex'))
  const { sinceUs = 0, untilUs = 0 } = span
  const until = asked.untilUs ? Math.min(asked.untilUs, untilUs) : untilUs
  return { ...asked, ...span, conversation: '', sinceUs: Math.max(asked.sinceUs ?? 0, sinceUs), untilUs: until }
}
