import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { policyKindNames, readObject } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import type { ClusterObject } from './cluster-object.ts'
import { ObjectReader } from './object-reader.ts'
import { errorsOf, type Plan, planPolicy } from './plan-policy.ts'

const NOW_MS = Date.parse('2027-01-31T12:00:00Z')
const ALL = new Set(policyKindNames)

function written(kind: PolicyKind, name: string, spec: unknown, generation = 1): ClusterObject {
  return { kind, name, generation, resourceVersion: '1', spec, status: undefined }
}

function inForce(...cluster: readonly ClusterObject[]): PolicyObject[] {
  return cluster.map(({ kind, name, spec }) => {
    const read = readObject(kind, name, spec)
    assert.ok(read.ok, JSON.stringify(read))
    return read.object
  })
}

const INSIDE = written('InternalDomain', 'contoso', { domain: 'contoso.example' })
const SETTINGS = written('FederationSettings', 'default', { enabled: true })
const FABRIKAM = written('Partner', 'fabrikam', { domains: ['fabrikam.example'] })
const BLOCK = written('BlockEntry', 'evil', { domain: 'evil.example', owner: 'security', reason: 'incident 12' })

function plan(before: readonly PolicyObject[], cluster: readonly ClusterObject[], ownedKinds: ReadonlySet<PolicyKind> = ALL): Plan {
  return planPolicy({ reader: new ObjectReader(), inForce: before, ownedKinds, cluster, nowMs: NOW_MS })
}

function changes({ differences }: Plan): string[] {
  return differences.map(({ action, object }) => `${action} ${object}`)
}

function refused({ verdicts }: Plan): string[] {
  return [...verdicts]
    .flatMap(([key, verdict]) => (verdict.isAccepted ? [] : [`${key} ${verdict.problems.map(({ code }) => code).join(' ')}`]))
    .sort()
}

describe('the policy that a cluster comes to', () => {
  it('is what the cluster holds, whatever was in force of its kinds', () => {
    const before = inForce(SETTINGS, INSIDE, BLOCK)
    const made = plan(before, [SETTINGS, INSIDE, FABRIKAM])
    assert.deepEqual([changes(made), refused(made)], [['added Partner/fabrikam', 'removed BlockEntry/evil'], []])
    assert.deepEqual(changes(plan(made.objects, [SETTINGS, INSIDE, FABRIKAM])), [], 'and then nothing is left to do')
  })

  it('leaves kinds alone that the cluster does not own', () => {
    const before = inForce(SETTINGS, INSIDE, BLOCK)
    const owned = new Set<PolicyKind>(['Partner'])
    assert.deepEqual(changes(plan(before, [FABRIKAM, written('BlockEntry', 'other', { domain: 'x' })], owned)), ['added Partner/fabrikam'])
  })

  it('an object with a mistake is left out, with path, code and remedy, and takes no other with it', () => {
    const made = plan([], [SETTINGS, INSIDE, FABRIKAM, written('Partner', 'woodgrove', { domain: ['woodgrove.example'], edge: 7 })])
    assert.deepEqual(changes(made), ['added FederationSettings/default', 'added InternalDomain/contoso', 'added Partner/fabrikam'])
    const verdict = made.verdicts.get('Partner/woodgrove')
    assert.ok(verdict !== undefined && !verdict.isAccepted && !verdict.isEarlierInForce)
    assert.deepEqual(
      verdict.problems.map(({ path, code }) => `${path} ${code}`),
      ['spec.domains GH-DOCUMENT-MISSING', 'spec.edge GH-DOCUMENT-TYPE', 'spec.domain GH-DOCUMENT-UNKNOWN-KEY'],
    )
    assert.match(verdict.problems[2]?.message ?? '', /did you mean 'domains'/)
    assert.match(verdict.problems[0]?.remedy ?? '', /Add the key/)
  })

  it('a mistake in a change leaves the version before it in force', () => {
    const before = inForce(SETTINGS, INSIDE, FABRIKAM)
    const made = plan(before, [SETTINGS, INSIDE, written('Partner', 'fabrikam', { domains: 'fabrikam.example' }, 2), BLOCK])
    assert.deepEqual([changes(made), refused(made)], [['added BlockEntry/evil'], ['Partner/fabrikam GH-DOCUMENT-TYPE']])
    const verdict = made.verdicts.get('Partner/fabrikam')
    assert.ok(verdict !== undefined && !verdict.isAccepted && verdict.isEarlierInForce)
  })

  it('who comes second to a domain is refused, whatever its name; who has it keeps it', () => {
    const before = inForce(SETTINGS, INSIDE, FABRIKAM)
    const thief = written('Partner', 'aaa', { domains: ['fabrikam.example'] })
    assert.deepEqual(refused(plan(before, [SETTINGS, INSIDE, FABRIKAM, thief])), ['Partner/aaa GH-DOCUMENT-DUPLICATE-ENTRY'])
    const edited = written('Partner', 'fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }, 2)
    const made = plan(before, [SETTINGS, INSIDE, edited, thief])
    assert.deepEqual([changes(made), refused(made)], [['changed Partner/fabrikam'], ['Partner/aaa GH-DOCUMENT-DUPLICATE-ENTRY']])
  })

  it('a change that makes another, untouched object wrong is the one refused', () => {
    const before = inForce(SETTINGS, INSIDE, FABRIKAM)
    const ours = written('InternalDomain', 'fabrikam', { domain: 'fabrikam.example' })
    const made = plan(before, [SETTINGS, INSIDE, FABRIKAM, ours, BLOCK])
    assert.deepEqual([changes(made), refused(made)], [['added BlockEntry/evil'], ['InternalDomain/fabrikam GH-DOCUMENT-INTERNAL']])
  })

  it('changes that are right only together go together, also beside a wrong one', () => {
    const left = (domain: string): ClusterObject => written('Partner', 'left', { domains: [domain] })
    const right = (domain: string): ClusterObject => written('Partner', 'right', { domains: [domain] })
    const before = inForce(SETTINGS, INSIDE, left('x.example'), right('y.example'))
    const wrong = written('Partner', 'wrong', { domains: ['contoso.example'] })
    const made = plan(before, [SETTINGS, INSIDE, left('y.example'), right('x.example'), wrong])
    assert.deepEqual(
      [changes(made), refused(made)],
      [['changed Partner/left', 'changed Partner/right'], ['Partner/wrong GH-DOCUMENT-INTERNAL']],
    )
  })

  it('what is deleted and still needed stays, and the object that needs it says so', () => {
    const hub = written('Clearinghouse', 'hub', { edge: 'hub.example.org' })
    const routed = written('FederationSettings', 'default', { enabled: true, defaultRoute: 'hub' })
    const before = inForce(routed, INSIDE, hub)
    const made = plan(before, [routed, INSIDE, BLOCK])
    assert.deepEqual([changes(made), refused(made)], [['added BlockEntry/evil'], []])
    const verdict = made.verdicts.get('FederationSettings/default')
    assert.ok(verdict?.isAccepted === true)
    assert.match(verdict.notes.join(), /Clearinghouse\/hub was deleted and stays in force.*'defaultRoute' names no Clearinghouse/)
    assert.deepEqual(changes(plan(before, [SETTINGS, INSIDE])), ['changed FederationSettings/default', 'removed Clearinghouse/hub'])
  })

  it('what is referred to may come later', () => {
    const routed = written('FederationSettings', 'default', { enabled: true, defaultRoute: 'hub' })
    const first = plan([], [routed, INSIDE])
    assert.deepEqual(refused(first), ['FederationSettings/default GH-DOCUMENT-REFERENCE'])
    const second = plan(first.objects, [routed, INSIDE, written('Clearinghouse', 'hub', { edge: 'hub.example.org' })])
    assert.deepEqual([changes(second), refused(second)], [['added FederationSettings/default', 'added Clearinghouse/hub'], []])
  })

  it('warnings are told and let in', () => {
    const made = plan([], [SETTINGS, INSIDE, written('BlockEntry', 'ourselves', { domain: 'contoso.example', owner: 'a', reason: 'b' })])
    const verdict = made.verdicts.get('BlockEntry/ourselves')
    assert.ok(verdict?.isAccepted === true)
    assert.match(verdict.notes.join(), /covers the internal domain.*GH-DOCUMENT-BLOCKS-OURSELVES/)
  })

  it('whatever the cluster holds, the plan is a valid policy, nothing accepted is missing, and doing it twice is doing it once', () => {
    const domain = fc.constantFrom('a.example', 'b.example', 'c.example', 'not a domain')
    const name = fc.constantFrom('one', 'two', 'three')
    const object = fc.oneof(
      fc.record({ kind: fc.constant('Partner' as const), name, spec: fc.record({ domains: fc.array(domain, { maxLength: 2 }) }) }),
      fc.record({ kind: fc.constant('InternalDomain' as const), name, spec: fc.record({ domain }) }),
      fc.record({ kind: fc.constant('Clearinghouse' as const), name, spec: fc.constant({ edge: 'hub.example.org' }) }),
      fc.record({
        kind: fc.constant('FederationSettings' as const),
        name: fc.constant('default'),
        spec: fc.record({ defaultRoute: name }),
      }),
      fc.record({ kind: fc.constant('BlockEntry' as const), name, spec: fc.anything() }),
    )
    const cluster = fc
      .uniqueArray(object, { maxLength: 8, selector: ({ kind, name: each }) => `${kind}/${each}` })
      .map((objects) => objects.map(({ kind, name: each, spec }) => written(kind, each, spec)))
    fc.assert(
      fc.property(cluster, cluster, (first, second) => {
        const before = plan([], first).objects
        const made = plan(before, second)
        assert.deepEqual(errorsOf(made.objects, NOW_MS), [])
        assert.equal(made.verdicts.size, second.length)
        const keys = new Set(made.objects.map(({ kind, name: each }) => `${kind}/${each}`))
        for (const [key, verdict] of made.verdicts) {
          if (verdict.isAccepted) assert.ok(keys.has(key), key)
          else assert.equal(keys.has(key), verdict.isEarlierInForce, key)
        }
        // what was refused may fit once the rest is in force; then all stands still
        const again = plan(plan(made.objects, second).objects, second)
        assert.deepEqual(changes(again), [])
      }),
      { numRuns: 300 },
    )
  })
})
