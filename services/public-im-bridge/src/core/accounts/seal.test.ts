import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Seal } from './seal.ts'

const key = new Uint8Array(32).fill(1)

describe('sealed secrets', () => {
  it('come back at their own place, and are different each time', () => {
    const seal = new Seal(key)
    const sealed = seal.close('account.a', 'pässword')
    assert.equal(seal.open('account.a', sealed), 'pässword')
    assert.ok(!Buffer.from(sealed).includes('word'))
    assert.notDeepEqual(seal.close('account.a', 'pässword'), sealed)
  })

  it('do not open at another place, with another key, or altered', () => {
    const seal = new Seal(key)
    const sealed = seal.close('account.a', 'secret')
    const wrong = [
      () => seal.open('account.b', sealed),
      () => new Seal(new Uint8Array(32).fill(2)).open('account.a', sealed),
      () => seal.open('account.a', new Uint8Array(0)),
      () => seal.open('account.a', sealed.subarray(0, 20)),
    ]
    for (const run of wrong) assert.throws(run, { code: 'GH-BRIDGE-SEAL' })
    for (let at = 0; at < sealed.length; at++) {
      const altered = Uint8Array.from(sealed)
      altered[at] = (altered[at] ?? 0) ^ 1
      assert.throws(() => seal.open('account.a', altered), { code: 'GH-BRIDGE-SEAL' })
    }
    assert.throws(() => new Seal(new Uint8Array(16)), { code: 'GH-BRIDGE-SEAL' })
  })
})
