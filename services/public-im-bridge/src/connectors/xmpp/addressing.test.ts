import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkAddress } from '@gatehouse/bridge-kit'
import fc from 'fast-check'
import { xmppAddressing } from './addressing.ts'

/** RFC 7247 §6 with XEP-0106. */
const ROWS: readonly (readonly [user: string, jid: string])[] = [
  ['bob', 'bob@fabrikam.example'],
  ["o'hara", 'o\\27hara@fabrikam.example'],
  ['a&b', 'a\\26b@fabrikam.example'],
  ['bob@msn.example', 'bob\\40msn.example@fabrikam.example'],
  ['c:\\20', 'c\\3a\\5c20@fabrikam.example'],
  ['\u00fcber', '\u00fcber@fabrikam.example'],
]

for (const [user, jid] of ROWS) {
  test(`${user} is ${jid}`, () => {
    assert.equal(xmppAddressing.toNetwork({ user, domain: 'fabrikam.example' }), jid)
    assert.deepEqual(xmppAddressing.fromNetwork(networkAddress(jid)), { user, domain: 'fabrikam.example' })
  })
}

test('two local parts never become one user', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(fc.array(fc.constantFrom('\\', '5', 'c', '2', '0', '4', 'a', 'b'), { minLength: 1, maxLength: 8 }), (parts) => {
      const local = parts.join('')
      const address = xmppAddressing.fromNetwork(networkAddress(`${local}@fabrikam.example`))
      if (address === undefined) return
      const before = seen.get(address.user)
      assert.ok(before === undefined || before === local, `${before} and ${local}`)
      seen.set(address.user, local)
    }),
  )
})
