import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchAddress, searchDomain } from './search-address.ts'

const cases: readonly [written: string, address: string, domain: string][] = [
  ['sip:Bob@Fabrikam.example', 'bob@fabrikam.example', 'fabrikam.example'],
  ['sips:bob@fabrikam.example;transport=tls', 'bob@fabrikam.example', 'fabrikam.example'],
  ['bob@fabrikam.example', 'bob@fabrikam.example', 'fabrikam.example'],
  ['sip:bob@fabrikam.example:5061?x=y', 'bob@fabrikam.example:5061', 'fabrikam.example'],
  ['sip:bob@[2001:db8::1]:5061', 'bob@[2001:db8::1]:5061', '[2001:db8::1]'],
  ['sip:fabrikam.example', 'fabrikam.example', 'fabrikam.example'],
  ['fabrikam.example', 'fabrikam.example', 'fabrikam.example'],
  ['', '', ''],
  ['@', '@', ''],
]

for (const [written, address, domain] of cases) {
  test(`${JSON.stringify(written)} is found as ${JSON.stringify(address)}`, () => {
    assert.equal(searchAddress(written), address)
    assert.equal(searchDomain(address), domain)
  })
}
