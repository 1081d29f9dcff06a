import { Buffer } from 'node:buffer'
import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema, EnvelopeKind, type StoredRecord } from '@gatehouse/proto'

/** One archived message in the form that the export formats write. */
export interface ExportMessage {
  readonly sequence: number
  /** Envelope id, 32 hex digits. */
  readonly id: string
  /** Microseconds since the epoch. */
  readonly atUs: number
  readonly committedAtUs: number
  /** Without scheme. */
  readonly from: string
  readonly to: string
  readonly isMessage: boolean
  readonly method: string
  /** SIP Call-ID. */
  readonly call: string
  readonly direction: string
  readonly partner: string
  readonly contentType: string
  readonly body: Uint8Array
  /** What was passed on instead, where a content filter changed the body; else empty. */
  readonly alteredBody: string
  /** kept; notKept: policy recorded the envelope only; erased: its key was destroyed. */
  readonly bodyState: 'kept' | 'notKept' | 'erased'
  readonly verdict: string
  readonly code: string
  readonly mark: string
  /** Final SIP status; 0: not known. */
  readonly status: number
  /** Hex. */
  readonly hash: string
}

/** What an export says of a record; undefined for outcomes and accesses. */
export function exportMessage(stored: StoredRecord): ExportMessage | undefined {
  const { content } = fromBinary(ArchiveRecordSchema, stored.record)
  if (content.case !== 'entry' || content.value.envelope === undefined) return undefined
  const { envelope, decision } = content.value
  const body = stored.body.length > 0 ? stored.body : envelope.body
  return {
    sequence: Number(stored.sequence),
    id: Buffer.from(envelope.id).toString('hex'),
    atUs: Number(envelope.receivedAtUs),
    committedAtUs: Number(stored.committedAtUs),
    from: envelope.fromAddress.replace(/^sips?:/i, ''),
    to: envelope.toAddress.replace(/^sips?:/i, ''),
    isMessage: envelope.kind === EnvelopeKind.MESSAGE || (body.length > 0 && !envelope.contentType.startsWith('application/sdp')),
    method: envelope.method,
    call: envelope.conversation,
    direction: envelope.direction,
    partner: envelope.peer?.partner ?? '',
    contentType: envelope.contentType,
    body,
    alteredBody: new TextDecoder().decode(stored.alteredBody.length > 0 ? stored.alteredBody : envelope.alteredBody),
    bodyState: stored.bodyErased ? 'erased' : body.length > 0 || envelope.bodyBytes === 0 ? 'kept' : 'notKept',
    verdict: decision?.verdict ?? '',
    code: decision?.code ?? '',
    mark: decision?.mark ?? '',
    status: stored.outcomeStatus,
    hash: Buffer.from(stored.hash).toString('hex'),
  }
}

/** The body for people to read; what is missing is said in brackets. */
export function readableBody(message: ExportMessage): string {
  if (message.bodyState === 'erased') return '[erased]'
  if (message.bodyState === 'notKept') return '[body not kept]'
  return new TextDecoder().decode(message.body)
}

export const isoTime = (us: number): string => new Date(us / 1000).toISOString()
