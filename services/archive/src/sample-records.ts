import { randomBytes } from 'node:crypto'
import { create, toBinary } from '@bufbuild/protobuf'
import { type DecisionFields, type EnvelopeFields, OutcomePacker, RecordEncoder } from '@gatehouse/archive-client'
import { ArchiveRecordSchema } from '@gatehouse/proto'

const encoder = new RecordEncoder()
const PEER = { peerClass: 'direct', partner: 'fabrikam', fingerprint: 'ab'.repeat(32), remote: '127.0.0.1:50000' }
const RULES = ['identity', 'block', 'internal', 'direct', 'authorise', 'mark']

const DECISION: DecisionFields = {
  verdict: 'allow',
  code: 'GH-POLICY-ALLOWED',
  reason: 'fabrikam.example is a direct partner.',
  rule: 'direct',
  mark: 'verified',
  evidence: 'V3',
  nameMatch: 'rfc5922-dns',
  destination: { to: 'inside', domain: 'contoso.example' },
  proof: RULES.map((rule) => ({ rule, code: `GH-POLICY-${rule.toUpperCase()}`, detail: undefined, source: undefined })),
  revision: 7,
  peerClass: 'direct',
}

export interface SampleEntry {
  readonly id: Uint8Array
  readonly record: Uint8Array
}

/** Records of a plausible size for tests and the bench: about 800 bytes, 500 senders, 700 receivers. */
export class SampleRecords {
  #count = 0
  readonly #process = randomBytes(6)

  entry(envelope: Partial<EnvelopeFields> = {}, decision: Partial<DecisionFields> = {}): SampleEntry {
    const count = ++this.#count
    const id = envelope.id ?? this.#newId(count)
    const transaction = `z9hG4bK-${count} 1 MESSAGE`
    const body = Buffer.from(`message ${count} `.padEnd(120, 'lorem ipsum '))
    const record = encoder.entry(
      {
        id,
        idempotencyKey: encoder.idempotencyKey('sip', this.#process.toString('hex'), transaction, body),
        receivedAtUs: Date.now() * 1000,
        kind: 'message',
        method: 'MESSAGE',
        fromAddress: `sip:user${count % 500}@fabrikam.example`,
        toAddress: `sip:user${count % 700}@contoso.example`,
        conversation: `${Math.floor(count / 4)}-a84b4c76e66710@edge.fabrikam.example`,
        direction: 'inbound',
        replica: 'federation-peer-0',
        peer: PEER,
        transaction,
        contentType: 'text/plain; charset=utf-8',
        body,
        bodyBytes: body.length,
        ...envelope,
      },
      { ...DECISION, ...decision },
    )
    return { id, record }
  }

  /** What became of messages, in one record. */
  outcomes(envelopeIds: readonly Uint8Array[], status = 200, atUs: number = Date.now() * 1000): Uint8Array {
    const packer = new OutcomePacker()
    for (const envelopeId of envelopeIds) packer.add({ envelopeId, atUs, status, code: '', isCertain: true })
    return packer.takeAll()[0]!.record
  }

  /** What became of one message, as versions before 0.2 recorded it. */
  outcome(envelopeId: Uint8Array, status = 200, atUs: number = Date.now() * 1000): Uint8Array {
    const value = { envelopeId, atUs: BigInt(atUs), status, code: '', certain: true }
    return toBinary(ArchiveRecordSchema, create(ArchiveRecordSchema, { content: { case: 'outcome', value } }))
  }

  #newId(count: number): Uint8Array {
    const id = Buffer.alloc(16)
    id.writeUIntBE(Date.now(), 0, 6)
    id.set(this.#process, 6)
    id.writeUInt32BE(count, 12)
    return id
  }
}
