import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { maxProxyHeaderBytes, parseProxyHeader, startsLikeProxyHeader } from './proxy-protocol.ts'
import { proxyHeader } from './testing/proxy-header.ts'

test('IPv4, IPv6 and IPv4-mapped sources', () => {
  const four = proxyHeader({ address: '192.0.2.7', port: 40_000 })
  assert.deepEqual(parseProxyHeader(four), {
    status: 'header',
    lengthBytes: 28,
    isLocal: false,
    source: { address: '192.0.2.7', port: 40_000 },
  })
  const cases = [
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['::', '00000000000000000000000000000000'],
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
    ['192.0.2.7', '00000000000000000000ffffc0000207'],
  ] as const
  for (const [text, hex] of cases) {
    const header = parseProxyHeader(proxyHeader({ ipv6Hex: hex, port: 5061 }))
    assert.deepEqual(header.status === 'header' ? header.source : undefined, { address: text, port: 5061 })
  }
})

test('LOCAL and UNSPEC carry no source; TLVs are skipped', () => {
  assert.deepEqual(parseProxyHeader(proxyHeader({ command: 0, family: 0x00, block: Buffer.alloc(0) })), {
    status: 'header',
    lengthBytes: 16,
    isLocal: true,
    source: undefined,
  })
  const unspecified = parseProxyHeader(proxyHeader({ family: 0x00, block: Buffer.alloc(7) }))
  assert.deepEqual(unspecified, { status: 'header', lengthBytes: 23, isLocal: false, source: undefined })
  const withTlv = parseProxyHeader(proxyHeader({ address: '192.0.2.7', port: 1, tlv: Buffer.from([0x20, 0, 3, 1, 2, 3]) }))
  assert.equal(withTlv.status === 'header' ? withTlv.lengthBytes : 0, 34)
})

test('what is wrong is said', () => {
  const good = proxyHeader({ address: '192.0.2.7', port: 1 })
  const patched = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(good)
    copy[offset] = value
    return copy
  }
  const cases: [Buffer, string][] = [
    [Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n'), 'no version 2 signature'],
    [Buffer.from([0x16, 0x03, 0x01]), 'no version 2 signature'],
    [patched(12, 0x11), 'version 1'],
    [patched(12, 0x22), 'command 2'],
    [patched(13, 0x12), 'transport 2'],
    [patched(13, 0x31), 'address family 3'],
    [patched(15, 11), 'address block of 11 bytes'],
    [patched(14, 0xff), `header of ${16 + 0xff0c} bytes`],
  ]
  for (const [bytes, detail] of cases) assert.deepEqual(parseProxyHeader(bytes), { status: 'invalid', detail })
})

test('every split point asks for more, then gives the same header', () => {
  const whole = Buffer.concat([proxyHeader({ ipv6Hex: '20010db8000000000000000000000001', port: 9 }), Buffer.from('rest')])
  const expected = parseProxyHeader(whole)
  assert.equal(expected.status, 'header')
  for (let length = 0; length < whole.length - 4; length += 1) assert.equal(parseProxyHeader(whole.subarray(0, length)).status, 'more')
  for (let length = whole.length - 4; length <= whole.length; length += 1)
    assert.deepEqual(parseProxyHeader(whole.subarray(0, length)), expected)
})

test('mutations never throw, and an answer never changes with more bytes', () => {
  const seeds = [proxyHeader({ address: '192.0.2.7', port: 1 }), proxyHeader({ ipv6Hex: '20010db8000000000000000000000001', port: 2 })]
  const mutation = fc.tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(80))
  fc.assert(
    fc.property(mutation, ([seed, changes, length]) => {
      const bytes = Buffer.concat([seed, Buffer.alloc(24, 0x41)])
      for (const [offset, value] of changes) if (offset < bytes.length) bytes[offset] = value
      const part = parseProxyHeader(bytes.subarray(0, length))
      if (part.status !== 'more') assert.deepEqual(parseProxyHeader(bytes), part)
      if (part.status === 'header') assert.ok(part.lengthBytes <= Math.min(length, maxProxyHeaderBytes))
    }),
    { numRuns: 3_000 },
  )
})

test('any bytes at all are answered', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const header = parseProxyHeader(bytes)
      assert.equal(header.status === 'invalid', bytes.length > 0 && !startsLikeProxyHeader(bytes))
    }),
    { numRuns: 2_000 },
  )
})
