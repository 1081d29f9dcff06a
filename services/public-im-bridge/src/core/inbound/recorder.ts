import {
  type AppendOutcome,
  type ArchiveClient,
  type OutcomeFields,
  OutcomePacker,
  type PackedOutcomes,
  type RecordEncoder,
} from '@gatehouse/archive-client'
import type { Decision, DeliveryOutcome } from '@gatehouse/im-model'
import type { OutboxCode } from '@gatehouse/outbox'
import { TEXT_TYPE } from './message-text.ts'
import type { Passage } from './passage.ts'

export interface RecorderDeps {
  readonly client: ArchiveClient
  readonly encoder: RecordEncoder
  readonly replica: string
}

const QUEUED: OutboxCode = 'GH-OUTBOX-QUEUED'
const NO_BODY = new Uint8Array(0)

/** Messages and sessions are conversation; typing, receipts and presence are not (lcs-edge §11.1). */
export function goesOnRecord(passage: Passage): boolean {
  return passage.kind === 'message' || passage.kind === 'session'
}

/** Puts passages on record: the archive stage of the bridge. */
export class Recorder {
  readonly #deps: RecorderDeps

  constructor(deps: RecorderDeps) {
    this.#deps = deps
  }

  record(passage: Passage): Promise<AppendOutcome> {
    const bytes = this.#encode(passage)
    const trace = passage.trace?.next('archive.append', 'client').context
    return new Promise((resolve) => this.#deps.client.append(bytes, resolve, passage.fromAddress, trace))
  }

  #encode(passage: Passage): Uint8Array {
    const { encoder, replica } = this.#deps
    const { event, bridge } = passage
    const decision = passage.decision as Decision
    const body = passage.content()?.body ?? NO_BODY
    const altered = decision.rewrite
    const transaction = event.remoteId === '' ? Buffer.from(passage.id).toString('hex') : event.remoteId
    return encoder.entry(
      {
        id: passage.id,
        // The same event has the same key whichever replica or connection brings it (architecture §5). Where the body is not kept, not
        // even its digest is: a short text could be guessed from it.
        idempotencyKey: encoder.idempotencyKey(
          `bridge-${bridge.protocol}`,
          `${event.account ?? event.source.server} ${passage.fromAddress} ${passage.toAddress}`,
          transaction,
          decision.archiveBody ? body : NO_BODY,
        ),
        receivedAtUs: Math.trunc(passage.nowMs * 1000),
        kind: passage.kind,
        method: passage.method,
        fromAddress: passage.fromAddress,
        toAddress: passage.toAddress,
        conversation: passage.conversation,
        direction: decision.direction,
        replica,
        peer: {
          peerClass: passage.bound?.peerClass ?? decision.peerClass,
          partner: decision.partner,
          fingerprint: passage.peer.fingerprint,
          remote: event.source.remote,
        },
        transaction,
        contentType: body.byteLength === 0 ? '' : TEXT_TYPE,
        body: decision.archiveBody && body.byteLength > 0 ? body : undefined,
        bodyBytes: body.byteLength,
        alteredContentType: altered?.contentType ?? '',
        alteredBody: decision.archiveBody ? altered?.body : undefined,
      },
      decision,
      passage,
    )
  }

  /** What became of it; waits for nobody. */
  outcome(passage: Passage, outcome: DeliveryOutcome, nowMs: number): void {
    const code = outcome.status === 'queued' ? QUEUED : outcome.code === '' ? (passage.decision?.code ?? '') : outcome.code
    const fields = {
      envelopeId: passage.id,
      atUs: Math.trunc(nowMs * 1000),
      status: outcome.sipStatus,
      code,
      isCertain: outcome.isCertain,
    }
    this.#deps.client.appendOutcome(fields)
  }

  /** The same of a message that waited; resolves when it is committed, with why not otherwise. */
  endOf(outcome: Omit<OutcomeFields, 'atUs'>, nowMs: number): Promise<string | undefined> {
    const packer = new OutcomePacker()
    packer.add({ ...outcome, atUs: Math.trunc(nowMs * 1000) })
    const [packed] = packer.takeAll() as [PackedOutcomes]
    return new Promise((resolve) => {
      this.#deps.client.append(packed.record, (result) => resolve(result.ok ? undefined : `${result.code}: ${result.detail}`))
    })
  }
}
