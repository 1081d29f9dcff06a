import {
  type AppendOutcome,
  type ArchiveClient,
  type EnvelopeIds,
  OutcomePacker,
  type PackedOutcomes,
  type RecordEncoder,
} from '@gatehouse/archive-client'
import type { Decision } from '@gatehouse/im-model'
import { carriedText, textIn } from '../admit/first-message.ts'
import type { Passage } from '../session/passage.ts'

export interface RecorderDeps {
  readonly client: ArchiveClient
  readonly encoder: RecordEncoder
  readonly ids: EnvelopeIds
  readonly replica: string
}

const NO_BODY = new Uint8Array()

/** Puts passages on record: the archive stage. A passage that has to be on record goes on only when `onDone` says so. */
export class Recorder {
  readonly #deps: RecorderDeps

  constructor(deps: RecorderDeps) {
    this.#deps = deps
  }

  /** `onDone(undefined)`: committed. `onDone(text)`: not on record, and why. */
  record(passage: Passage, onDone: ((failure: string | undefined) => void) | undefined): void {
    const decision = passage.decision as Decision
    const { request, peer } = passage
    const { encoder, ids, replica, client } = this.#deps
    const id = ids.next(passage.nowMs)
    passage.envelopeId = id
    const text = carriedText(request)
    const altered = decision.rewrite === undefined ? undefined : textIn(request, decision.rewrite)
    const transaction = `${passage.callId} ${request.topVia()?.branch ?? ''} ${request.cseq()?.number ?? 0} ${passage.method}`
    const bytes = encoder.entry(
      {
        id,
        // A retry over a new connection or another replica has the same key (architecture §5). Where the body is not kept nothing of it is,
        // not even in this key: a short text could be guessed from its digest.
        idempotencyKey: encoder.idempotencyKey(
          `sip-${passage.side}`,
          peer.fingerprint,
          transaction,
          decision.archiveBody ? text.body : NO_BODY,
        ),
        receivedAtUs: Math.trunc(passage.nowMs * 1000),
        kind: passage.kind,
        method: passage.method,
        fromAddress: passage.budgetKey,
        toAddress: `${passage.toUser}@${passage.toDomain}`,
        conversation: passage.callId,
        direction: decision.direction,
        replica,
        peer: {
          peerClass: passage.bound?.peerClass ?? decision.peerClass,
          partner: decision.partner,
          fingerprint: peer.fingerprint,
          remote: passage.connection.remote.address,
        },
        transaction,
        contentType: text.contentType,
        body: decision.archiveBody && text.body.byteLength > 0 ? text.body : undefined,
        bodyBytes: text.body.byteLength,
        alteredContentType: altered?.contentType ?? '',
        alteredBody: decision.archiveBody ? altered?.body : undefined,
      },
      decision,
      passage,
    )
    const trace = passage.trace?.next('archive.append', 'client').context
    const take = (outcome: AppendOutcome): void => onDone?.(outcome.ok ? undefined : `${outcome.code}: ${outcome.detail}`)
    client.append(bytes, take, passage.budgetKey, trace)
  }

  /** What became of a message that waited, long after its passage: `onDone(undefined)` once it is committed. */
  outcomeOf(
    outcome: { envelopeId: Uint8Array; status: number; code: string; isCertain: boolean; nowMs: number },
    onDone: (failure: string | undefined) => void,
  ): void {
    const { envelopeId, status, code, isCertain, nowMs } = outcome
    const packer = new OutcomePacker()
    packer.add({ envelopeId, status, code, isCertain, atUs: Math.trunc(nowMs * 1000) })
    const [packed] = packer.takeAll()
    this.#deps.client.append((packed as PackedOutcomes).record, (result) =>
      onDone(result.ok ? undefined : `${result.code}: ${result.detail}`),
    )
  }

  /** What became of it; waits for nobody, because the sender's answer does not depend on it. */
  outcome(passage: Passage, status: number, code: string, nowMs: number, isKnown?: boolean): void {
    if (passage.envelopeId === undefined) return
    const isCertain = isKnown ?? (code !== 'GH-PEER-NO-ANSWER' && code !== 'GH-PEER-LINK-LOST')
    this.#deps.client.appendOutcome({ envelopeId: passage.envelopeId, atUs: Math.trunc(nowMs * 1000), status, code, isCertain })
  }
}
