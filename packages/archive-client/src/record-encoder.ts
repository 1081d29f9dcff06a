import { hash } from 'node:crypto'
import type { EnvelopeKind } from '@gatehouse/im-model'
import { DecisionEncoder, type DecisionFields } from './decision-encoder.ts'
import { ReverseWriter } from './reverse-writer.ts'
import { type ReceiptFields, ReceiptWriter } from './write-receipt.ts'

/** The authenticated server a message came from; proto `PeerRef`. */
export interface PeerFields {
  readonly peerClass: string
  readonly partner: string
  readonly fingerprint: string
  readonly remote: string
}

/** One message as it is recorded; proto `Envelope`. */
export interface EnvelopeFields {
  /** 16 bytes, unique, time-ordered. */
  readonly id: Uint8Array
  /** 32 bytes from `idempotencyKey`. */
  readonly idempotencyKey: Uint8Array
  /** Microseconds since the epoch. */
  readonly receivedAtUs: number
  readonly kind: EnvelopeKind
  readonly method: string
  readonly fromAddress: string
  readonly toAddress: string
  readonly conversation: string
  readonly direction: string
  readonly replica: string
  readonly peer: PeerFields
  readonly transaction: string
  readonly contentType: string
  /** Undefined: not kept. */
  readonly body: Uint8Array | undefined
  /** Size on the wire. */
  readonly bodyBytes: number
  /** What was passed on in place of `contentType` and `body`; absent: they were. */
  readonly alteredContentType?: string
  readonly alteredBody?: Uint8Array | undefined
}

// Numbers of proto `EnvelopeKind`.
const KIND_NUMBERS: Readonly<Record<EnvelopeKind, number>> = { message: 1, typing: 2, receipt: 3, presence: 4, session: 5, other: 6 }

/**
 * Encodes archive records without the objects in between that a protobuf library needs, in the very bytes it would write
 * (a test compares). Keeps one scratch buffer; one encoder serves one thread.
 */
export class RecordEncoder {
  readonly #writer = new ReverseWriter()
  readonly #decisions = new DecisionEncoder()
  readonly #receipts = new ReceiptWriter(new ReverseWriter(4096))
  #keyScratch: Buffer = Buffer.allocUnsafeSlow(4096)

  /** An `ArchiveRecord` with an `Entry`. */
  entry(envelope: EnvelopeFields, decision: DecisionFields, receipt?: ReceiptFields): Uint8Array {
    const writer = this.#writer
    const start = writer.length
    if (receipt !== undefined) {
      this.#receipts.write(writer, receipt, envelope.peer.partner)
      writer.message(3, start)
    }
    const decisionStart = writer.length
    this.#decisions.write(writer, decision)
    writer.message(2, decisionStart)
    const envelopeStart = writer.length
    writeEnvelope(writer, envelope)
    writer.message(1, envelopeStart)
    writer.message(1, start)
    return writer.take()
  }

  /**
   * SHA-256 over what identifies one message: a retry, by whatever replica it is taken in, has the same key.
   * `ingress` names the kind of entrance (not the replica), `peer` the authenticated sender, `transaction` its transaction id.
   */
  idempotencyKey(ingress: string, peer: string, transaction: string, body: Uint8Array | undefined): Uint8Array {
    const most = (ingress.length + peer.length + transaction.length) * 3 + 12 + (body?.length ?? 0)
    const scratch = most <= this.#keyScratch.length ? this.#keyScratch : Buffer.allocUnsafe(most)
    let at = writeSized(scratch, 0, ingress)
    at = writeSized(scratch, at, peer)
    at = writeSized(scratch, at, transaction)
    if (body !== undefined) {
      scratch.set(body, at)
      at += body.length
    }
    // As latin1 text: a buffer of its own for each digest takes longer than the digest.
    return Buffer.from(hash('sha256', scratch.subarray(0, at), 'binary'), 'latin1')
  }
}

// Each part is preceded by its length, so that no two different triples give the same bytes.
function writeSized(target: Buffer, at: number, text: string): number {
  const size = target.write(text, at + 4, 'utf8')
  target.writeUInt32BE(size, at)
  return at + 4 + size
}

function writeEnvelope(writer: ReverseWriter, envelope: EnvelopeFields): void {
  if (envelope.alteredBody !== undefined) writer.bytes(18, envelope.alteredBody)
  if (envelope.alteredContentType !== undefined) writer.string(17, envelope.alteredContentType)
  writer.uint(15, envelope.bodyBytes)
  writer.bytes(14, envelope.body)
  writer.string(13, envelope.contentType)
  writer.string(12, envelope.transaction)
  const peerStart = writer.length
  writer.string(4, envelope.peer.remote)
  writer.string(3, envelope.peer.fingerprint)
  writer.string(2, envelope.peer.partner)
  writer.string(1, envelope.peer.peerClass)
  writer.message(11, peerStart)
  writer.string(10, envelope.replica)
  writer.string(9, envelope.direction)
  writer.string(8, envelope.conversation)
  writer.string(7, envelope.toAddress)
  writer.string(6, envelope.fromAddress)
  writer.string(5, envelope.method)
  writer.uint(4, KIND_NUMBERS[envelope.kind])
  writer.uint(3, envelope.receivedAtUs)
  writer.bytes(2, envelope.idempotencyKey)
  writer.bytes(1, envelope.id)
}
