import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readObject } from '@gatehouse/policy-document'
import type { ClusterObject } from './cluster-object.ts'
import { isSameStatus, type StatusFacts, statusOf } from './object-status.ts'

const OBJECT: ClusterObject = { kind: 'Partner', name: 'fabrikam', generation: 3, resourceVersion: '9', spec: {}, status: undefined }
const report = (replica: string, revision: number): StatusFacts['reports'][number] => ({
  service: 'federation-peer',
  replica,
  revision,
  sinceMs: 0,
})
const FACTS: StatusFacts = {
  verdict: { isAccepted: true, notes: [] },
  revision: 7,
  reports: [report('a', 7), report('b', 9)],
  now: '2027-01-31T12:00:00Z',
}

function words(facts: Partial<StatusFacts>): string[] {
  return statusOf(OBJECT, { ...FACTS, ...facts }).conditions.map(
    ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
  )
}

describe('the status of an object', () => {
  it('is in force once every replica has its revision or a later one', () => {
    assert.deepEqual(words({}), ['Accepted True Accepted: ', 'InForce True AllReplicas: in force on 2/2 replicas, revision 7'])
    assert.deepEqual(words({ revision: 8 })[1], 'InForce False SomeReplicas: in force on 1/2 replicas, revision 8')
    assert.match(words({ reports: [] })[1] ?? '', /^InForce Unknown NoReplicas/)
    assert.match(words({ revision: undefined })[1] ?? '', /^InForce False NotApplied/)
  })

  it('says what is wrong in our words, and what is in force instead', () => {
    const read = readObject('Partner', 'fabrikam', { domains: ['fabrikam.example.'] })
    assert.ok(!read.ok)
    const refusedWords = words({ verdict: { isAccepted: false, problems: read.problems, isEarlierInForce: true }, revision: 5 })
    assert.match(
      refusedWords[0] ?? '',
      /^Accepted False Value: .*write 'fabrikam\.example', without the dot at the end \(GH-DOCUMENT-VALUE\)\. Write what the message asks for\. What was in force of it before stays\.$/,
    )
    assert.equal(refusedWords[1], 'InForce False NotAccepted: An earlier version is in force on 2/2 replicas, revision 5.')
  })

  it('keeps the time of what it said before, and is not written again', () => {
    const first = statusOf(OBJECT, FACTS)
    const known = { ...OBJECT, status: first }
    assert.ok(isSameStatus(first, statusOf(known, { ...FACTS, now: '2027-01-31T13:00:00Z' })))
    const later = statusOf(known, { ...FACTS, revision: 8, now: '2027-01-31T13:00:00Z' })
    assert.ok(!isSameStatus(first, later))
    assert.deepEqual(
      later.conditions.map(({ lastTransitionTime }) => lastTransitionTime),
      ['2027-01-31T12:00:00Z', '2027-01-31T13:00:00Z'],
    )
    assert.ok(!isSameStatus(first, statusOf({ ...known, generation: 4 }, FACTS)), 'another generation is told')
    assert.ok(!isSameStatus(undefined, first))
  })
})
