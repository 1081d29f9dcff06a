import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { policyKindNames, readObject } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import { type Review, type ReviewAnswer, readReview, reviewObject, reviewResponse } from './review-object.ts'

function object(kind: PolicyKind, name: string, spec: unknown): PolicyObject {
  const read = readObject(kind, name, spec)
  assert.ok(read.ok)
  return read.object
}

const OBJECTS = [
  object('FederationSettings', 'default', { enabled: true }),
  object('InternalDomain', 'contoso', { domain: 'contoso.example' }),
  object('Partner', 'fabrikam', { domains: ['fabrikam.example'] }),
]
const FACTS = { namespace: 'gatehouse', ownedKinds: new Set(policyKindNames), objects: OBJECTS, nowMs: 0 }
const REVIEW: Review = {
  uid: 'u1',
  operation: 'CREATE',
  group: 'policy.gatehouse.internal',
  kind: 'Partner',
  namespace: 'gatehouse',
  name: 'woodgrove',
  spec: { domains: ['woodgrove.example'] },
}

function review(more: Partial<Review>, facts: Partial<typeof FACTS> = {}): ReviewAnswer {
  return reviewObject({ ...REVIEW, ...more }, { ...FACTS, ...facts })
}

describe('an admission review', () => {
  it('lets in what is right, and what replaces itself', () => {
    assert.deepEqual(review({}), { isAllowed: true, message: '', warnings: [], isAboutOthers: false })
    assert.ok(review({ name: 'fabrikam', operation: 'UPDATE', spec: { domains: ['fabrikam.example', 'fabrikam.test'] } }).isAllowed)
  })

  it('refuses what is wrong alone, with path, code and remedy', () => {
    const { isAllowed, message, isAboutOthers } = review({ spec: { domain: ['woodgrove.example'], domains: ['*.woodgrove.example'] } })
    assert.deepEqual([isAllowed, isAboutOthers], [false, false])
    assert.match(
      message,
      /^Partner\/woodgrove: 'spec\.domains\[0\]': write 'woodgrove\.example'; .* \(GH-DOCUMENT-VALUE\)\. Write what the message asks for\.$/m,
    )
    assert.match(message, /unknown key 'domain'; did you mean 'domains'\? \(GH-DOCUMENT-UNKNOWN-KEY\)/)
  })

  it('refuses what makes the policy wrong, and says that this depends on others', () => {
    const taken = review({ spec: { domains: ['fabrikam.example'] } })
    assert.deepEqual([taken.isAllowed, taken.isAboutOthers], [false, true])
    assert.match(taken.message, /'fabrikam\.example' belongs to Partner\/fabrikam too \(GH-DOCUMENT-DUPLICATE-ENTRY\)\. Keep one of them/)
    assert.match(
      review({ kind: 'InternalDomain', name: 'x', spec: { domain: 'fabrikam.example' } }).message,
      /^Partner\/fabrikam: 'fabrikam\.example' is an internal domain/,
    )
  })

  it('lets in what refers to something that may come with the next object, and says so', () => {
    const { isAllowed, warnings } = review({ kind: 'FederationSettings', name: 'default', spec: { enabled: true, defaultRoute: 'hub' } })
    assert.equal(isAllowed, true)
    assert.match(warnings.join(), /not in force until this is mended: 'defaultRoute' names no Clearinghouse/)
  })

  it('warns of what is odd', () => {
    const { warnings } = review({ kind: 'BlockEntry', name: 'b', spec: { domain: 'fabrikam.example', owner: 'o', reason: 'r' } })
    assert.deepEqual(warnings, [], 'the warning is about the partner, not about the block')
    assert.match(
      review({ kind: 'BlockEntry', name: 'b', spec: { domain: 'contoso.example', owner: 'o', reason: 'r' } }).warnings.join(),
      /GH-DOCUMENT-BLOCKS-OURSELVES/,
    )
    assert.match(review({ namespace: 'other' }).warnings.join(), /reads namespace 'gatehouse', not 'other'/)
    assert.match(
      review({}, { ownedKinds: new Set(['BlockEntry'] as const) as never }).warnings.join(),
      /Partner is not taken from the cluster/,
    )
  })

  it('never holds up a deletion, and refuses what is no policy object', () => {
    assert.ok(review({ operation: 'DELETE', spec: undefined }).isAllowed)
    assert.match(review({ kind: 'Secret', group: '' }).message, /Secret is no policy object/)
    assert.match(review({ kind: 'Partnr' }).message, /Partnr is no policy object/)
  })

  it('is read from anything without throwing, and answered in the form that is asked', () => {
    assert.equal(readReview({ apiVersion: 'admission.k8s.io/v1beta1', request: { uid: 'x' } }), undefined)
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (request, spec) => {
        readReview(request)
        readReview({ apiVersion: 'admission.k8s.io/v1', request })
        const read = readReview({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', kind: { group: 1 }, object: { spec } } })
        assert.equal(read?.uid, 'u')
        review({ spec })
      }),
    )
    const long = review({ spec: { domains: Array.from({ length: 100 }, () => 'UPPER case') } })
    assert.match(long.message, /10 more problems\.$/)
    assert.deepEqual(reviewResponse('u', { isAllowed: true, message: '', warnings: ['w'.repeat(400)], isAboutOthers: false }), {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true, warnings: ['w'.repeat(256)] },
    })
  })
})
