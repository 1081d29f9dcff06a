import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { DecisionState } from '@gatehouse/policy-engine'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import fc from 'fast-check'
import { EntryReader } from './entry-reader.ts'
import { replay } from './replay.ts'
import { judgeAndRecord } from './testing/record.ts'
import { compile, messages, policies } from './testing/world.ts'

const PER_POLICY = 50

test('10,000 random messages: a receipt replayed on its revision gives the same verdict and code', () => {
  const reader = new EntryReader()
  const codes = new Map<string, number>()
  fc.assert(
    fc.property(policies, fc.array(messages, { minLength: PER_POLICY, maxLength: PER_POLICY }), (policy, inputs) => {
      const snapshot = compile(policy)
      const state = new DecisionState({ seed: 1 })
      for (const input of inputs) {
        const judged = judgeAndRecord(snapshot, input, state)
        assert.ok(judged !== undefined)
        const message = reader.read(judged.record)
        assert.ok(message !== undefined)
        const again = replay(snapshot, message)
        assert.ok('verdict' in again, JSON.stringify(again))
        const { verdict, code, rule, mark, partner, direction } = judged.decision
        assert.deepEqual([again.verdict, again.code, again.rule], [verdict, code, rule])
        assert.deepEqual([again.mark, again.partner, again.direction], [mark, partner, direction])
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
    }),
    { numRuns: 10_000 / PER_POLICY, seed: 42 },
  )
  // a test that saw nothing but one answer would prove little
  for (const code of [
    'ALLOWED',
    'BLOCKED',
    'RATE-PEER',
    'RATE-USER',
    'RATE-DISCOVERED',
    'ADDRESSEES',
    'SRV-MISMATCH',
    'UNVERIFIED-MESSAGE',
    'FIRST-CONTACT',
    'USER-FEDERATION',
    'USER-START',
    'USER-DOMAIN',
    'WALL',
    'RECIPIENT-WALL',
    'RECIPIENT-START',
    'FACTS-AWAY',
    'USER-UNKNOWN',
    'CONTENT-LINK',
    'CONTENT-EXTENSION',
    'CONTENT-PATTERN',
  ])
    assert.ok((codes.get(`GH-POLICY-${code}`) ?? 0) > 0, `${code}: ${JSON.stringify([...codes])}`)
})

test('what is read in place is what the protobuf library reads', () => {
  const reader = new EntryReader()
  fc.assert(
    fc.property(policies, messages, (policy, input) => {
      const judged = judgeAndRecord(compile(policy), input, new DecisionState())
      assert.ok(judged !== undefined)
      const whole = fromBinary(ArchiveRecordSchema, judged.record)
      assert.ok(Buffer.from(toBinary(ArchiveRecordSchema, whole)).equals(judged.record), 'the very bytes the library would write')
      const { content } = whole
      assert.ok(content.case === 'entry')
      const { envelope, decision, receipt } = content.value
      const message = reader.read(judged.record)
      assert.ok(message !== undefined && envelope !== undefined && decision !== undefined && receipt !== undefined)
      assert.equal(`${message.fromUser}@${message.fromDomain}`, envelope.fromAddress)
      assert.equal(`${message.toUser}@${message.toDomain}`, envelope.toAddress)
      assert.equal(message.nowMs * 1000, Number(envelope.receivedAtUs))
      assert.equal(message.method, envelope.method)
      assert.deepEqual(message.recorded, {
        verdict: decision.verdict,
        code: decision.code,
        rule: decision.rule,
        mark: decision.mark,
        revision: Number(decision.revision),
        partner: envelope.peer?.partner,
        direction: envelope.direction,
        observed: decision.observed.map(({ code, source }) => ({ code, source })),
      })
      assert.equal(message.side === 'internal', receipt.internal)
      assert.equal(message.isInDialog, receipt.inDialog)
      assert.deepEqual(message.assertedDomains, receipt.assertedDomains)
      assert.deepEqual(message.peer.names.dns, receipt.peer?.dnsNames ?? [])
      assert.deepEqual(message.bound?.peerClass, receipt.bound ? input.bound?.peerClass : undefined)
      assert.deepEqual(message.bound?.partner, input.bound?.partner)
      assert.equal(message.usedSrv.length, receipt.srv.length)
    }),
    { seed: 7, numRuns: 300 },
  )
})

test('cut and altered records are read without an exception', () => {
  const reader = new EntryReader()
  fc.assert(
    fc.property(policies, messages, fc.nat(), fc.nat(255), (policy, input, at, value) => {
      const record = judgeAndRecord(compile(policy), input, new DecisionState())?.record
      assert.ok(record !== undefined)
      assert.equal(reader.read(record.subarray(0, at % record.length)), undefined)
      const altered = Uint8Array.from(record)
      altered[at % altered.length] = value
      reader.read(altered)
    }),
    { seed: 11, numRuns: 500 },
  )
})

test('what cannot be replayed says why', () => {
  const reader = new EntryReader()
  const inside = { kind: 'InternalDomain', name: 'contoso.example', spec: { domain: 'contoso.example' } }
  const on = { kind: 'FederationSettings', name: 'default', spec: { enabled: true, unverified: { message: 'deliver' } } }
  const direct = { kind: 'Partner', name: 'fabrikam', spec: { domains: ['fabrikam.example'], edge: 'edge.fabrikam.example' } }
  const bySrv = { kind: 'Partner', name: 'fabrikam', spec: { domains: ['fabrikam.example'] } }
  const [input] = fc.sample(messages, { numRuns: 1, seed: 1 })
  assert.ok(input !== undefined)
  const names = { dns: ['edge.fabrikam.example'], sipDomains: [], commonName: undefined }
  const honest = {
    ...input,
    side: 'external' as const,
    fromDomain: 'fabrikam.example',
    toDomain: 'contoso.example',
    assertedDomains: [],
    bound: undefined,
    bridge: undefined,
    peer: { ...input.peer, isAuthenticated: true, refusal: undefined, names },
  }
  const judged = judgeAndRecord(compile([inside, on, direct]), honest, new DecisionState())
  const message = reader.read(judged?.record ?? new Uint8Array())
  assert.ok(message !== undefined)
  const answer = replay(compile([inside, on, bySrv]), message)
  assert.ok('reason' in answer && answer.code === 'GH-REPLAY-NO-DNS', JSON.stringify(answer))
  const many = { ...names, dns: Array.from({ length: 120 }, (_, at) => `host${at}.fabrikam.example`) }
  const cut = judgeAndRecord(compile([inside, on, direct]), { ...honest, peer: { ...honest.peer, names: many } }, new DecisionState())
  const cutMessage = reader.read(cut?.record ?? new Uint8Array())
  assert.ok(cutMessage !== undefined)
  assert.equal(replay(compile([inside, on, direct]), cutMessage).code, 'GH-REPLAY-NAMES-CUT')
})
