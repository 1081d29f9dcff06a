import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseVia } from '../header/via.ts'
import { parseSipUri } from '../uri/sip-uri.ts'
import { verdictOf } from './torture-verdict.ts'

const FOLDER = fileURLToPath(new URL('../../../../../shared/corpora/rfc5118/', import.meta.url))
const IS_ABSENT = existsSync(FOLDER) ? false : 'shared/corpora/rfc5118 is absent'

/** File → verdict by layer and why. Sections are those of RFC 5118. */
const VERDICTS: Readonly<Record<string, readonly [verdict: string, why: string]>> = {
  'ipv6-good.dat': ['message → ok → forwards', '§4.1: an IPv6 reference in the Request-URI'],
  'ipv6-bad.dat': ['message → 400 GH-SIP-REQUEST-URI', '§4.2: an IPv6 address without brackets'],
  'port-ambiguous.dat': ['message → ok → forwards', '§4.3: inside the brackets 5070 is a part of the address'],
  'port-unambiguous.dat': ['message → ok → forwards', '§4.4: outside the brackets it is the port'],
  'via-received-param-with-delim.dat': ['message → ok → forwards', '§4.5: received with brackets'],
  'via-received-param-no-delim.dat': ['message → ok → forwards', '§4.5: received without brackets'],
  'ipv6-in-sdp.dat': ['waits', '§4.6: 268 bytes are announced and 251 are there, so a stream waits for the rest'],
  'mult-ip-in-header.dat': ['message → ok → forwards', '§4.7: both families in the Via headers'],
  'mult-ip-in-sdp.dat': ['message → ok → forwards', '§4.8: both families in the body'],
  'ipv4-mapped-ipv6.dat': ['message → ok → forwards', '§4.9: an IPv4-mapped address'],
  'ipv6-bug-abnf-3-colons.dat': [
    'message → 400 GH-SIP-HEADER-SYNTAX to',
    '§4.10: three colons come from a mistake in the ABNF and name no address',
  ],
  'ipv6-correct-abnf-2-colons.dat': ['message → ok → forwards', '§4.10: the same address written right'],
}

/** The files end their lines in a bare LF, and those without a body lack the empty line: both are put right here. */
function asOnTheWire(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replaceAll('\n', '\r\n')
  return Buffer.from(text.includes('\r\n\r\n') ? text : `${text}\r\n`, 'latin1')
}

test('the table has exactly one row per RFC 5118 message', { skip: IS_ABSENT }, () => {
  assert.deepEqual(Object.keys(VERDICTS).sort(), readdirSync(FOLDER).sort())
})

for (const [file, [verdict, why]] of Object.entries(VERDICTS)) {
  test(`RFC 5118 ${file}: ${why}`, { skip: IS_ABSENT }, () => {
    assert.equal(verdictOf(asOnTheWire(readFileSync(FOLDER + file))), verdict)
  })
  test(`RFC 5118 ${file} as stored: bare LF ends no line, so a stream waits within its limits`, { skip: IS_ABSENT }, () => {
    assert.equal(verdictOf(readFileSync(FOLDER + file)), 'waits')
  })
}

test('RFC 5118 §4.3 and §4.4: what is address and what is port', () => {
  const ambiguous = parseSipUri('sip:[2001:db8::10:5070]')
  assert.deepEqual([ambiguous?.host, ambiguous?.port], ['2001:db8::10:5070', undefined])
  const unambiguous = parseSipUri('sip:[2001:db8::10]:5070')
  assert.deepEqual([unambiguous?.host, unambiguous?.port], ['2001:db8::10', 5070])
})

test('RFC 5118 §4.5: received means the same with and without brackets', () => {
  for (const received of ['[2001:db8::9:255]', '2001:db8::9:255']) {
    assert.equal(parseVia(`SIP/2.0/UDP [2001:db8::9:1];received=${received};branch=z9hG4bKas3`)?.received, '2001:db8::9:255')
  }
})
