import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import { DecisionState } from './state/decision-state.ts'
import { federated, inbound, internal, object, partner, settings, snapshotOf } from './testing/samples.ts'

const onTrial = object('BlockEntry', 'trial', { domain: 'fabrikam.example', owner: 'security', reason: 'looks odd', mode: 'observe' })
const inForce = object('BlockEntry', 'alice', { address: 'alice@fabrikam.example', owner: 'security', reason: 'spam' })

test('a block entry on trial refuses nothing and says whom it would have refused', () => {
  const decision = decide(snapshotOf(...federated, onTrial), inbound(), new DecisionState())
  assert.ok('verdict' in decision)
  assert.equal(decision.verdict, 'allow')
  assert.deepEqual(
    decision.observed?.map(({ rule, code, source }) => [rule, code, source]),
    [['block-list', 'GH-POLICY-BLOCKED', 'BlockEntry/trial']],
  )
})

test('an entry in force blocks beside one on trial, and without one nothing is observed', () => {
  const both = decide(snapshotOf(...federated, onTrial, inForce), inbound(), new DecisionState())
  assert.ok('verdict' in both)
  assert.deepEqual([both.verdict, both.code, both.proof.at(-1)?.source], ['deny', 'GH-POLICY-BLOCKED', 'BlockEntry/alice'])
  const plain = decide(snapshotOf(...federated), inbound(), new DecisionState())
  assert.ok('verdict' in plain)
  assert.equal(plain.observed, undefined)
})

test('a method filter and the rule for unverified senders on trial let through what they would refuse, and say so', () => {
  const objects = [
    internal('contoso.example'),
    settings({ unverified: { message: 'contactsOnly', presence: 'block', mode: 'observe' } }),
    partner('fabrikam', {
      domains: ['fabrikam.example'],
      edge: 'sip.fabrikam.example',
      verification: 'alwaysUnverifiable',
      methods: { deny: ['MESSAGE'], mode: 'observe' },
    }),
  ]
  const decision = decide(snapshotOf(...objects), inbound(), new DecisionState())
  assert.ok('verdict' in decision)
  assert.deepEqual([decision.verdict, decision.mark], ['allow', 'unverified'])
  assert.deepEqual(
    decision.observed?.map(({ rule, code, source }) => [rule, code, source]),
    [
      ['method-filter', 'GH-POLICY-METHOD', 'Partner/fabrikam'],
      ['unverified-sender', 'GH-POLICY-UNVERIFIED-MESSAGE', 'FederationSettings/default'],
    ],
  )
  const presence = decide(snapshotOf(...objects), inbound({ kind: 'presence', method: 'SUBSCRIBE' }), new DecisionState())
  assert.ok('verdict' in presence)
  assert.equal(presence.verdict, 'allow')
  assert.equal(presence.observed?.at(-1)?.code, 'GH-POLICY-UNVERIFIED-PRESENCE')
})

test('what is enforced beside what is on trial refuses', () => {
  const objects = [
    internal('contoso.example'),
    settings({ methods: { allow: ['INVITE'] } }),
    partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', methods: { deny: ['MESSAGE'], mode: 'observe' } }),
  ]
  const decision = decide(snapshotOf(...objects), inbound(), new DecisionState())
  assert.ok('verdict' in decision)
  assert.deepEqual([decision.verdict, decision.code, decision.observed], ['deny', 'GH-POLICY-METHOD', undefined])
})
