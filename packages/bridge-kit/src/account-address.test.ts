import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { accountOfAddress, addressOfAccount } from './account-address.ts'

const NETWORK = 'msn.example'

describe('addresses of accounts', () => {
  it('are written as LCS wrote them', () => {
    const rows: readonly (readonly [account: string, user: string])[] = [
      ['bob', 'bob'],
      ['bob@fabrikam.example', 'bob(fabrikam.example)'],
      ['Bob Smith', 'Bob\\20Smith'],
      ['bob(fabrikam.example)', 'bob\\28fabrikam.example\\29'],
      ['a\\b', 'a\\5cb'],
      ['bob@Fabrikam.Example', 'bob\\40Fabrikam.Example'],
      ['@home', '\\40home'],
    ]
    for (const [account, user] of rows) {
      assert.deepEqual(addressOfAccount(account, NETWORK), { user, domain: NETWORK })
      assert.equal(accountOfAddress({ user, domain: NETWORK }, NETWORK), account)
    }
  })

  it('are nobody where they could not have been written here', () => {
    for (const user of ['', '(fabrikam.example)', 'bob(', 'bob(not a domain)', 'bob\\28', 'a b', 'a\u0007', 'b\\6fb@x']) {
      const account = accountOfAddress({ user, domain: NETWORK }, NETWORK)
      if (account !== undefined) assert.equal(addressOfAccount(account, NETWORK)?.user, user, user)
    }
    assert.equal(accountOfAddress({ user: 'bob', domain: 'other.example' }, NETWORK), undefined)
    assert.equal(addressOfAccount('', NETWORK), undefined)
  })

  it('come back from every account, and no two accounts share one', () => {
    const account = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '@', '.', '(', ')', '\\', '%', '2', '0', ' ', '"') }),
    )
    fc.assert(
      fc.property(account, (text) => {
        const address = addressOfAccount(text, NETWORK)
        if (address !== undefined) assert.equal(accountOfAddress(address, NETWORK), text)
      }),
    )
    fc.assert(
      fc.property(account, (user) => {
        const text = accountOfAddress({ user, domain: NETWORK }, NETWORK)
        if (text !== undefined) assert.equal(addressOfAccount(text, NETWORK)?.user, user)
      }),
    )
  })
})
