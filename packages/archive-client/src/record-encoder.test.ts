import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { EnvelopeKind, ProofStep } from '@gatehouse/im-model'
import { ArchiveRecordSchema, EnvelopeKind as ProtoKind } from '@gatehouse/proto'
import fc from 'fast-check'
import type { DecisionFields } from './decision-encoder.ts'
import { type EnvelopeFields, RecordEncoder } from './record-encoder.ts'

const kinds: readonly EnvelopeKind[] = ['message', 'typing', 'receipt', 'presence', 'session', 'other']
const protoKinds: Readonly<Record<EnvelopeKind, ProtoKind>> = {
  message: ProtoKind.MESSAGE,
  typing: ProtoKind.TYPING,
  receipt: ProtoKind.RECEIPT,
  presence: ProtoKind.PRESENCE,
  session: ProtoKind.SESSION,
  other: ProtoKind.OTHER,
}
const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }), fc.constant('x'.repeat(300)))
const blob = fc.uint8Array({ maxLength: 40 })
const peer = fc.record({ peerClass: text, partner: text, fingerprint: text, remote: text })

const envelopeFields: fc.Arbitrary<EnvelopeFields> = fc.record({
  id: blob,
  idempotencyKey: blob,
  receivedAtUs: fc.maxSafeNat(),
  kind: fc.constantFrom(...kinds),
  method: text,
  fromAddress: text,
  toAddress: text,
  conversation: text,
  direction: text,
  replica: text,
  peer,
  transaction: text,
  contentType: text,
  body: fc.option(fc.oneof(blob, fc.uint8Array({ minLength: 17_000, maxLength: 70_000 })), { nil: undefined }),
  bodyBytes: fc.nat(),
  alteredContentType: text,
  alteredBody: fc.option(blob, { nil: undefined }),
})
const optionalText = fc.option(text, { nil: undefined })
const proofStep: fc.Arbitrary<ProofStep> = fc.record({ rule: text, code: text, detail: optionalText, source: optionalText })

const decisions: fc.Arbitrary<DecisionFields> = fc.record({
  verdict: fc.constantFrom('allow', 'deny'),
  code: text,
  reason: text,
  rule: text,
  nameMatch: fc.constantFrom('rfc5922-uri', 'none'),
  mark: fc.constantFrom('verified', 'unverified'),
  evidence: fc.constantFrom('V0', 'V3'),
  destination: fc.constantFrom(undefined, { to: 'inside', domain: 'contoso.example' } as const),
  proof: fc.array(proofStep, { maxLength: 8 }),
  revision: fc.nat(),
  peerClass: fc.constantFrom('direct', 'provider', 'inside'),
})

function protoEntry(envelope: EnvelopeFields, decision: DecisionFields): Uint8Array {
  const record = create(ArchiveRecordSchema, {
    content: {
      case: 'entry',
      value: {
        envelope: {
          ...envelope,
          receivedAtUs: BigInt(envelope.receivedAtUs),
          kind: protoKinds[envelope.kind],
          body: envelope.body ?? new Uint8Array(),
          alteredBody: envelope.alteredBody ?? new Uint8Array(),
        },
        decision: {
          verdict: decision.verdict,
          code: decision.code,
          reason: decision.reason,
          rule: decision.rule,
          mark: decision.mark,
          evidence: decision.evidence,
          nameMatch: decision.nameMatch,
          destination: decision.destination?.to ?? '',
          proof: decision.proof.map((step) => ({ ...step, detail: step.detail ?? '', source: step.source ?? '' })),
          revision: BigInt(decision.revision),
          peerClass: decision.peerClass,
        },
      },
    },
  })
  return toBinary(ArchiveRecordSchema, record)
}

test('an entry is encoded in the very bytes the protobuf library writes', () => {
  const encoder = new RecordEncoder()
  fc.assert(
    fc.property(envelopeFields, decisions, (envelope, decision) => {
      const ours = encoder.entry(envelope, decision)
      assert.deepEqual(Buffer.from(ours), Buffer.from(protoEntry(envelope, decision)))
    }),
    { numRuns: 300 },
  )
})

test('a decision that was recorded before is encoded alike, one that differs in anything is not', () => {
  const encoder = new RecordEncoder()
  const envelope = fc.sample(envelopeFields, { numRuns: 1, seed: 3 })[0]!
  const [step, other] = ['pass', 'not-applicable'].map((code) => ({ rule: 'rates', code, detail: undefined, source: undefined })) as [
    ProofStep,
    ProofStep,
  ]
  const first: DecisionFields = {
    verdict: 'allow',
    code: 'GH-POLICY-ALLOWED',
    reason: 'Allowed.',
    rule: 'source-binding',
    nameMatch: 'none',
    mark: 'verified',
    evidence: 'V3',
    destination: { to: 'inside', domain: 'contoso.example' },
    proof: [step, step],
    revision: 1,
    peerClass: 'direct',
  }
  const variants: DecisionFields[] = [
    first,
    { ...first, mark: 'unverified' },
    { ...first, evidence: 'V0' },
    { ...first, nameMatch: 'rfc5922-uri' },
    { ...first, rule: 'destination' },
    { ...first, code: 'GH-POLICY-OTHER' },
    { ...first, reason: 'Because.' },
    { ...first, revision: 2 },
    { ...first, peerClass: 'provider' },
    { ...first, destination: undefined },
    { ...first, proof: [step, other] },
    { ...first, proof: [step] },
    { ...first, verdict: 'deny' },
    ...Array.from({ length: 10 }, (_, at) => ({ ...first, revision: 10 + at })),
  ]
  const isRight = (decision: DecisionFields): void =>
    assert.deepEqual(Buffer.from(encoder.entry(envelope, decision)), Buffer.from(protoEntry(envelope, decision)))
  for (const decision of [...variants, ...variants, ...variants.slice(0, 4), ...variants])
    isRight({ ...decision, proof: [...decision.proof] })
})

test('a decision to deliver to a partner names the partner', () => {
  const encoder = new RecordEncoder()
  const [envelope, decision] = fc.sample(fc.tuple(envelopeFields, decisions), { numRuns: 1, seed: 7 })[0]!
  const destination = {
    to: 'peer',
    peerClass: 'direct',
    partner: 'fabrikam',
    domain: 'fabrikam.example',
    edgeHost: undefined,
    edgePort: 5061,
    links: 1,
    trust: [],
    pins: [],
    dialect: 'microsoft',
  } as const
  const record = fromBinary(ArchiveRecordSchema, encoder.entry(envelope, { ...decision, destination }))
  assert.equal(record.content.case === 'entry' && record.content.value.decision?.destination, 'fabrikam')
})

test('the idempotency key is the same for the same message and differs in every part', () => {
  const encoder = new RecordEncoder()
  const body = new TextEncoder().encode('hello')
  const key = encoder.idempotencyKey('sip', 'partner', 'z9hG4bK1', body)
  assert.equal(key.length, 32)
  assert.deepEqual(encoder.idempotencyKey('sip', 'partner', 'z9hG4bK1', body.slice()), key)
  const others = [
    encoder.idempotencyKey('xmpp', 'partner', 'z9hG4bK1', body),
    encoder.idempotencyKey('sip', 'partne', 'rz9hG4bK1', body),
    encoder.idempotencyKey('sip', 'partner', 'z9hG4bK', new TextEncoder().encode('1hello')),
    encoder.idempotencyKey('sip', 'partner', 'z9hG4bK1', new TextEncoder().encode('hello!')),
    encoder.idempotencyKey('sip', 'partner', 'z9hG4bK1', undefined),
    encoder.idempotencyKey('sip', 'partner', 'z9hG4bK1', new Uint8Array(100_000)),
  ]
  const all = new Set([key, ...others].map((bytes) => Buffer.from(bytes).toString('hex')))
  assert.equal(all.size, 7)
})
