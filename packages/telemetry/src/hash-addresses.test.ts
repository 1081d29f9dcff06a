import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressHasher, clearWords, hashedWords } from './hash-addresses.ts'

const hash = addressHasher('k')
const { address, conversation } = hashedWords('k')

describe('hashed addresses', () => {
  for (const [what, user] of [
    ['SIP', 'alice.o-neil'],
    ['a number', '+1555123'],
    ['escapes', 'alice%20b'],
    ['Unicode', 'jürgen'],
    ['XMPP', 'a#b{c}'],
    ['IRC', 'nick[away]^|`'],
  ] as const) {
    it(`leave nothing of a user part: ${what}`, () => {
      const line = JSON.stringify({ from: `sip:${user}@contoso.example`, text: `${user}@contoso.example wrote` })
      const clean = hash(line)
      assert.ok(!clean.includes(user), clean)
      assert.equal(clean.split('@contoso.example').length, 3)
      JSON.parse(clean)
    })
  }

  it('are the same in the log and in spans, whatever their case', () => {
    assert.equal(hash('Alice@Contoso.example'), address('alice@contoso.example').replace('contoso', 'Contoso'))
    assert.match(address('alice@contoso.example'), /^h~[\w-]{12}@contoso\.example$/)
    assert.notEqual(address('alice@contoso.example'), hashedWords('other').address('alice@contoso.example'))
    assert.match(conversation('call-1@192.0.2.1'), /^h~[\w-]{16}$/)
    assert.equal(clearWords.address('alice@contoso.example'), 'alice@contoso.example')
  })

  it('of hosts that are numbers too, and several in a line', () => {
    const clean = hash('alice@[2001:db8::1] alice@192.0.2.7, <bob@x>;carol@y.example')
    assert.equal(clean.replaceAll(/h~[\w-]{12}/g, 'H'), 'H@[2001:db8::1] H@192.0.2.7, <H@x>H@y.example')
  })

  it('leave other text as it is', () => {
    for (const text of ['', 'no address', '@', 'a @ b', 'x@', '@y', '"@"']) assert.equal(hash(text), text)
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('@')),
        (text) => assert.equal(hash(text), text),
      ),
    )
  })

  it('cost what a line is long, not its square', () => {
    const long = 'a'.repeat(2_000_000)
    assert.equal(hash(long), long)
    assert.equal(hash(`${long} ${'b@'.repeat(100_000)}`).length > 0, true)
  })
})
