import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isListed, limitKey, parseCidrs, plainAddress } from './source-address.ts'
import { SourceLimits } from './source-limits.ts'

test('addresses: IPv4-mapped is IPv4, IPv6 counts by /64', () => {
  assert.equal(plainAddress('::FFFF:192.0.2.7'), '192.0.2.7')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(limitKey('192.0.2.7'), '192.0.2.7')
  assert.equal(limitKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(limitKey('2001:db8:1:2::1'), '2001:db8:1:2::/64')
  assert.equal(limitKey('2001:db8::1'), '2001:db8:0:0::/64')
  assert.equal(limitKey('2001:0db8:0001:0002::'), '2001:db8:1:2::/64')
  assert.equal(limitKey('::1'), '0:0:0:0::/64')
  assert.equal(limitKey('64:ff9b::192.0.2.7'), '64:ff9b:0:0::/64')
})

test('CIDR lists', () => {
  const list = parseCidrs(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])
  assert.ok(list !== undefined)
  const listed = ['10.1.2.3', '192.0.2.7', '2001:db8:9::1'].map((address) => isListed(list, address))
  assert.deepEqual(listed, [true, true, true])
  assert.deepEqual(
    ['11.0.0.1', '192.0.2.8', '2001:db9::1'].map((address) => isListed(list, address)),
    [false, false, false],
  )
  for (const wrong of ['10.0.0.0/33', '10.0.0.0/', '10.0.0/8', 'localhost', '10.0.0.0/x', '::1/129', ''])
    assert.equal(parseCidrs([wrong]), undefined)
})

test('places and tokens', () => {
  const limits = new SourceLimits({ maxConnectionsPerAddress: 2, connectBurstPerAddress: 3, connectPerSecondPerAddress: 1 })
  assert.equal(limits.admit('192.0.2.7', 0), undefined)
  assert.equal(limits.admit('192.0.2.7', 0), undefined)
  assert.equal(limits.admit('192.0.2.7', 0), 'GH-EDGE-TOO-MANY-FROM-ADDRESS')
  assert.equal(limits.admit('192.0.2.8', 0), undefined)
  limits.release('192.0.2.7')
  assert.equal(limits.admit('192.0.2.7', 0), undefined)
  limits.release('192.0.2.7')
  assert.equal(limits.admit('192.0.2.7', 999), 'GH-EDGE-CONNECT-RATE')
  assert.equal(limits.admit('192.0.2.7', 1_000), undefined)
})

test('two addresses of one IPv6 /64 share their places', () => {
  const limits = new SourceLimits({ maxConnectionsPerAddress: 1, connectBurstPerAddress: 9, connectPerSecondPerAddress: 1 })
  assert.equal(limits.admit('2001:db8::1', 0), undefined)
  assert.equal(limits.admit('2001:db8::2', 0), 'GH-EDGE-TOO-MANY-FROM-ADDRESS')
})

test('quiet sources are forgotten, a flood of addresses is bounded', () => {
  const limits = new SourceLimits({ maxConnectionsPerAddress: 2, connectBurstPerAddress: 2, connectPerSecondPerAddress: 1 })
  limits.admit('192.0.2.1', 0)
  for (let index = 0; index < 70_000; index += 1) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
    limits.admit(address, 0)
    limits.release(address)
  }
  assert.ok(limits.size <= 65_537)
  limits.sweep(2_000)
  assert.equal(limits.size, 1)
  limits.release('192.0.2.1')
  limits.sweep(4_000)
  assert.equal(limits.size, 0)
})
