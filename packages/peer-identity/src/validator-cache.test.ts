import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { BoundedCache } from './bounded-cache.ts'
import { PeerValidator } from './peer-validator.ts'

const START_MS = Date.UTC(2026, 10, 22, 12)
const HOUR_MS = 3_600_000

function setUp(revocation: 'require' | 'whenPresent' = 'whenPresent') {
  const clock = { now: START_MS }
  const nowMs = (): number => clock.now
  const root = Authority.create({ name: 'Lab Root', nowMs })
  const stores = [{ name: 'lab', roots: [root.der] }]
  const leaf = root.issue({ dns: ['sip.contoso.example'], notAfter: new Date(START_MS + 10 * HOUR_MS) })
  const crls = [root.crlDer({ nextUpdate: new Date(START_MS + 2 * HOUR_MS) })]
  return { clock, root, stores, leaf, crls, validator: new PeerValidator({ stores, crls, revocation, nowMs }) }
}

test('the same chain gives the same object; concurrent handshakes share one validation', async () => {
  const { validator, leaf } = setUp()
  assert.equal(validator.cached(leaf.chainDer), undefined)
  const [a, b] = await Promise.all([validator.validate(leaf.chainDer), validator.validate(leaf.chainDer)])
  assert.equal(a, b)
  assert.equal(await validator.validate(leaf.chainDer), a)
  assert.equal(validator.cached(leaf.chainDer), a)
  assert.equal(validator.isStillGood(a), true)
})

test('expiry ends a cached answer', async () => {
  const { validator, leaf, clock } = setUp()
  const identity = await validator.validate(leaf.chainDer)
  clock.now += 11 * HOUR_MS
  assert.equal(validator.isStillGood(identity), false)
  assert.equal((await validator.revalidate(identity)).refusal?.code, 'GH-IDENTITY-EXPIRED')
  assert.equal((await validator.validate(leaf.chainDer)).refusal?.code, 'GH-IDENTITY-EXPIRED')
})

test('a clock set back before the validity ends it too', async () => {
  const { validator, leaf, clock } = setUp()
  const identity = await validator.validate(leaf.chainDer)
  clock.now -= 5 * HOUR_MS
  assert.equal(validator.isStillGood(identity), false)
  assert.equal((await validator.revalidate(identity)).refusal?.code, 'GH-IDENTITY-NOT-YET-VALID')
})

test('where lists are required, the end of a list ends the answer', async () => {
  const { validator, leaf, clock } = setUp('require')
  const identity = await validator.validate(leaf.chainDer)
  assert.equal(identity.isAuthenticated, true)
  clock.now += 3 * HOUR_MS
  assert.equal(validator.isStillGood(identity), false)
  assert.equal((await validator.revalidate(identity)).refusal?.code, 'GH-IDENTITY-REVOCATION-UNKNOWN')
})

test('a new list cuts a revoked peer and keeps the others', async () => {
  const { validator, leaf, root, stores } = setUp()
  const other = root.issue({ dns: ['sip.fabrikam.example'] })
  const [identity, otherIdentity] = [await validator.validate(leaf.chainDer), await validator.validate(other.chainDer)]
  root.revoke(leaf)
  validator.reload(stores, [root.crlDer()])
  assert.equal(validator.isStillGood(identity), false)
  assert.equal((await validator.revalidate(identity)).refusal?.code, 'GH-IDENTITY-REVOKED')
  assert.equal((await validator.revalidate(otherIdentity)).isAuthenticated, true)
})

test('a store taken away ends trust', async () => {
  const { validator, leaf } = setUp()
  const identity = await validator.validate(leaf.chainDer)
  validator.reload([], [])
  assert.equal((await validator.revalidate(identity)).refusal?.code, 'GH-IDENTITY-UNTRUSTED')
})

test('a reload during a validation is not lost', async () => {
  const { validator, leaf } = setUp()
  const underWay = validator.validate(leaf.chainDer)
  validator.reload([], [])
  assert.equal(validator.isStillGood(await underWay), false)
  assert.equal((await validator.validate(leaf.chainDer)).refusal?.code, 'GH-IDENTITY-UNTRUSTED')
})

test('a refusal is kept for a moment only', async () => {
  const { validator, root, clock } = setUp()
  const early = root.issue({ notBefore: new Date(START_MS + 60_000) })
  const first = await validator.validate(early.chainDer)
  assert.equal(first.refusal?.code, 'GH-IDENTITY-NOT-YET-VALID')
  assert.equal(await validator.validate(early.chainDer), first)
  assert.equal(validator.isStillGood(first), false)
  assert.equal(await validator.revalidate(first), first)
  clock.now += 61_000
  assert.equal((await validator.validate(early.chainDer)).isAuthenticated, true)
})

test('the cache forgets what was not used for longest', () => {
  const cache = new BoundedCache<number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  assert.equal(cache.get('a'), 1)
  cache.set('c', 3)
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2])
})
