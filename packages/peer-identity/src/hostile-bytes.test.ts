import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, selfSigned } from '@gatehouse/lab'
import fc from 'fast-check'
import { parseCertificate } from './certificate.ts'
import { parseCrl } from './crl.ts'
import { isWellFormedDer, readOid, readSmallInteger, readTime } from './der.ts'
import { readDistinguishedName } from './distinguished-name.ts'
import { readExtensions } from './extensions.ts'
import { readDerBlocks } from './load.ts'
import { PeerValidator } from './peer-validator.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const nowMs = (): number => NOW_MS
const root = Authority.create({ name: 'Lab Root', nowMs })
const issuing = root.intermediate({ name: 'Lab Issuing', nameConstraints: { permitted: { dns: ['contoso.example'] } }, pathLength: 0 })
const leaf = issuing.issue({ dns: ['sip.contoso.example'], uri: ['sip:contoso.example'], ip: ['127.0.0.1'] })
issuing.revoke(leaf)
const crl = issuing.crlDer()
// Without caching of refusals in the way: one validator for all, its cache is bounded.
const validator = new PeerValidator({ stores: [{ name: 'lab', roots: [root.der] }], crls: [], revocation: 'whenPresent', nowMs })

interface Mutation {
  readonly kind: 'flip' | 'set' | 'cut' | 'insert' | 'drop' | 'copy'
  readonly at: number
  readonly value: number
  readonly length: number
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'drop', 'copy'),
  at: fc.nat(2000),
  value: fc.nat(255),
  length: fc.integer({ min: 1, max: 16 }),
})

function apply(bytes: Uint8Array, { kind, at, value, length }: Mutation): Uint8Array {
  const out = Buffer.from(bytes)
  const position = out.length === 0 ? 0 : at % out.length
  switch (kind) {
    case 'flip':
      if (out.length > 0) out[position] = (out[position] as number) ^ (1 << (value % 8))
      return out
    case 'set':
      if (out.length > 0) out[position] = value
      return out
    case 'cut':
      return out.subarray(0, position)
    case 'insert':
      return Buffer.concat([out.subarray(0, position), Buffer.alloc(length, value), out.subarray(position)])
    case 'drop':
      return Buffer.concat([out.subarray(0, position), out.subarray(position + length)])
    case 'copy':
      return Buffer.concat([out.subarray(0, position), out.subarray(0, length), out.subarray(position)])
  }
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 })

test('no altered certificate passes, none throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1), mutations, async (which, steps) => {
      const original = leaf.chainDer[which] as Uint8Array
      const altered = steps.reduce(apply, original)
      if (Buffer.compare(altered, original) === 0) return
      const chain = leaf.chainDer.map((der, index) => (index === which ? altered : der))
      const identity = await validator.validate(chain)
      assert.equal(identity.isAuthenticated, false)
      assert.match(identity.refusal?.code ?? '', /^GH-IDENTITY-/)
    }),
    { numRuns: 400 },
  )
})

test('an altered certificate under a key of the attacker’s own is still only untrusted or malformed', async () => {
  // A self-signed certificate parses further than a damaged one: every field of it is the attacker's choice.
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 64 }),
      fc.boolean(),
      fc.constantFrom('17', '19', '30', '15', '37', '14', '32', '36'),
      async (value, isCritical, arc) => {
        const odd = selfSigned(
          {
            hasBasicConstraints: false,
            keyUsage: [],
            eku: [],
            hasKeyIdentifiers: false,
            extensions: [{ oid: `2.5.29.${arc}`, isCritical, value }],
          },
          nowMs,
        )
        assert.equal((await validator.validate([odd.der, ...leaf.chainDer])).isAuthenticated, false)
      },
    ),
    { numRuns: 60 },
  )
})

test('an authority under a trusted root with arbitrary extension values never throws and never widens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 24 }),
      fc.constantFrom('2.5.29.30', '2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54', '2.5.29.31'),
      async (value, oid) => {
        const below = root.intermediate({ name: 'Odd', extensions: [{ oid, isCritical: true, value }] })
        const identity = await validator.validate(below.issue({ dns: ['a.example'] }).chainDer)
        if (identity.isAuthenticated) assert.ok(isWellFormedDer(value), `${oid} ${Buffer.from(value).toString('hex')}`)
      },
    ),
    { numRuns: 60 },
  )
})

test('parsers answer any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.ok('refusal' in parseCertificate(bytes))
      assert.ok('problem' in parseCrl(bytes))
      readDistinguishedName(bytes)
      readExtensions(bytes)
      readOid(bytes)
      readSmallInteger(bytes)
      readTime({ tag: 0x17, whole: bytes, content: bytes })
      readDerBlocks({ name: 'x', bytes }, 'certificate')
    }),
    { numRuns: 1000 },
  )
})

test('altered lists are read or not, but never throw', () => {
  fc.assert(
    fc.property(mutations, (steps) => {
      const result = parseCrl(steps.reduce(apply, crl))
      assert.ok('crl' in result || result.problem.length > 0)
    }),
    { numRuns: 1000 },
  )
})

test('nesting, endless lengths and indefinite forms are refused at once', () => {
  const nested = Buffer.alloc(60_000)
  for (let i = 0; i + 4 <= nested.length; i += 4) nested.writeUInt32BE(0x30820000 + (nested.length - i - 4), i)
  assert.equal(isWellFormedDer(nested), false)
  const wide = Buffer.concat([Buffer.from('3082ea60', 'hex'), Buffer.alloc(60_000, Buffer.from('0500', 'hex'))])
  assert.equal(isWellFormedDer(wide), false)
  for (const hex of ['3080020101', '30840fffffff', '3081030201', '308100', '30', '', '1f8101', '30030201']) {
    assert.equal(isWellFormedDer(Buffer.from(hex, 'hex')), false, hex)
  }
  assert.equal(isWellFormedDer(Buffer.from('3003020105', 'hex')), true)
})

test('the order of the presented intermediates changes nothing', async () => {
  const stores = [{ name: 'lab', roots: [root.der] }]
  const first = root.intermediate({ name: 'First' })
  const second = first.intermediate({ name: 'Second' })
  const third = second.intermediate({ name: 'Third' })
  const good = third.issue({ dns: ['a.example'] })
  const confined = root.crossSign(second, { nameConstraints: { permitted: { dns: ['b.example'] } } })
  const extra = selfSigned({ commonName: 'noise' }, nowMs).der
  const sets = [
    [...good.chainDer.slice(1), confined.der, extra],
    [third.der, second.der, extra],
    [third.der, confined.der, extra],
  ]
  for (const above of sets) {
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(above, { minLength: above.length }), async (shuffled) => {
        const fresh = new PeerValidator({ stores, crls: [], revocation: 'whenPresent', nowMs })
        const { refusal, anchors, isAuthenticated } = await fresh.validate([good.der, ...shuffled])
        outcomes.add(JSON.stringify({ refusal, anchors, isAuthenticated }))
      }),
      { numRuns: 12 },
    )
    assert.equal(outcomes.size, 1, [...outcomes].join('\n'))
  }
})
