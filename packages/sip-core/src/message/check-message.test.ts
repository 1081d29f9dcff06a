import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { checkMessage } from './check-message.ts'
import { createRequest } from './create-request.ts'
import { encodeMessage } from './encode-message.ts'
import type { SipMessage } from './sip-message.ts'

const TESTDATA = new URL('../../testdata/', import.meta.url)

const GOOD: readonly (readonly [string, string])[] = [
  ['Via', 'SIP/2.0/TLS edge.contoso.example;branch=z9hG4bK1'],
  ['From', '<sip:alice@contoso.example>;tag=1'],
  ['To', '<sip:bob@fabrikam.example>'],
  ['Call-ID', 'a@b'],
  ['CSeq', '1 MESSAGE'],
  ['Max-Forwards', '70'],
]

function verdict(headers: readonly (readonly [string, string])[], uri = 'sip:bob@fabrikam.example', method = 'MESSAGE'): string {
  const defect = checkMessage(createRequest(method, uri, headers))
  return defect === undefined ? 'ok' : `${defect.status} ${defect.code} ${defect.detail}`.trimEnd()
}

function replaced(name: string, value: string): (readonly [string, string])[] {
  return GOOD.map((header) => (header[0] === name ? [name, value] : header))
}

test('a well-formed request passes', () => {
  assert.equal(verdict(GOOD), 'ok')
  assert.equal(verdict(GOOD, 'tel:+15550100'), 'ok')
})

for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
  test(`without ${name}: 400 (RFC 3261 §8.1.1)`, () => {
    assert.equal(verdict(GOOD.filter((header) => header[0] !== name)), `400 GH-SIP-HEADER-MISSING ${name.toLowerCase()}`)
  })
}

test('Max-Forwards may be missing (RFC 3261 §16.3 item 3)', () => {
  assert.equal(verdict(GOOD.filter((header) => header[0] !== 'Max-Forwards')), 'ok')
})

for (const [name, value] of [
  ['From', '<sip:eve@fabrikam.example>'],
  ['t', '<sip:eve@fabrikam.example>'],
  ['i', 'a@b'],
  ['cseq', '2 MESSAGE'],
  ['Max-Forwards', '70'],
] as const) {
  test(`${name} repeated: 400 (RFC 3261 §7.3.1)`, () => {
    assert.match(verdict([...GOOD, [name, value]]), /^400 GH-SIP-HEADER-REPEATED/)
  })
}

for (const [name, value] of [
  ['Via', 'SIP/2.0/TLS'],
  ['From', '"Alice <sip:alice@contoso.example>'],
  ['From', '<sip:alice@contoso.example>, <sip:eve@contoso.example>'],
  ['From', '<sip:alice@contoso.example:x>'],
  ['To', '<sip:bob@>'],
  ['Call-ID', ''],
  ['Call-ID', 'a b'],
  ['CSeq', '2147483648 MESSAGE'],
  ['Max-Forwards', '-1'],
  ['Max-Forwards', '7 0'],
] as const) {
  test(`${name}: ${value}: 400`, () => {
    assert.equal(verdict(replaced(name, value)), `400 GH-SIP-HEADER-SYNTAX ${name.toLowerCase()}`)
  })
}

for (const [name, value] of [
  ['Route', '<sip:a.example;lr>, x'],
  ['Route', ''],
  ['Record-Route', '<sip:a@b@c>'],
  ['Content-Type', 'text'],
  ['Content-Length', 'x'],
] as const) {
  test(`${name}: ${JSON.stringify(value)}: 400`, () => {
    assert.equal(verdict([...GOOD, [name, value]]), `400 GH-SIP-HEADER-SYNTAX ${name.toLowerCase()}`)
  })
}

test('CSeq must name the method (RFC 3261 §8.1.1.5); methods are case-sensitive', () => {
  assert.equal(verdict(replaced('CSeq', '1 message')), '400 GH-SIP-CSEQ-MISMATCH message')
})

test('the Request-URI must be well formed and without headers (RFC 3261 §19.1.1)', () => {
  assert.equal(verdict(GOOD, 'sip:bob@'), '400 GH-SIP-REQUEST-URI')
  assert.equal(verdict(GOOD, 'bob'), '400 GH-SIP-REQUEST-URI')
  assert.equal(verdict(GOOD, 'sip:bob@fabrikam.example?Route=%3Csip:a%3E'), '400 GH-SIP-REQUEST-URI holds headers')
})

function readMessage(file: string): SipMessage {
  const framer = new SipStreamFramer()
  framer.handleData(readFileSync(new URL(file, TESTDATA)))
  const frame = framer.takeFrame()
  assert.equal(frame?.kind, 'message', file)
  assert.equal(framer.isMidMessage, false, file)
  return (frame as { message: SipMessage }).message
}

for (const file of readdirSync(TESTDATA)) {
  test(`${file} is well formed and comes out as it came in`, () => {
    const message = readMessage(file)
    const expected = file === 'ipv6-mapped-options.sip' ? 'GH-SIP-REQUEST-URI' : undefined
    assert.equal(checkMessage(message)?.code, expected)
    assert.deepEqual(encodeMessage(message), readFileSync(new URL(file, TESTDATA)))
  })
}

test('the Microsoft dialect is read where a gateway needs it', () => {
  const invite = readMessage('ms-invite-text-format.sip')
  assert.match(invite.headers.first('ms-text-format') ?? '', /;ms-body=QXJl/)
  assert.deepEqual(invite.headers.values('Supported'), ['ms-delayed-accept', 'ms-sender'])
  assert.equal(invite.contacts()[0]?.params.get('+sip.instance'), '<urn:uuid:1F0B6A2C-2B51-5C0F-9D1E-2A7B4C6D8E90>')
  assert.equal(invite.topVia()?.params.get('branched'), 'FALSE')
  const message = readMessage('ms-message.sip')
  assert.equal(message.from()?.params.get('epid'), '01ab23cd45')
  assert.equal(message.routes()[0]?.sipUri?.params.get('ms-fe'), 'FE03.fabrikam.example')
  assert.equal(message.contentType()?.params.get('charset'), 'UTF-8')
  assert.equal(Buffer.from(message.body).toString('utf8'), 'Grüße, see you at three — 三時')
  const subscribe = readMessage('ms-subscribe.sip')
  assert.equal(subscribe.headers.first('ms-user-data'), 'ms-publiccloud=true;ms-federation=true')
  assert.equal(subscribe.headers.values('Accept').length, 6)
  assert.equal(readMessage('ms-info-typing.sip').from()?.tag, '86c1f5a2')
  assert.equal(readMessage('ms-file-invitation.sip').contentType()?.subtype, 'x-msmsgsinvite')
  const negotiate = readMessage('ms-negotiate.sip')
  assert.deepEqual([negotiate.cseq()?.method, negotiate.maxForwards()], ['NEGOTIATE', 0])
})

test('folds, lists, compact forms and other schemes are read together', () => {
  const message = readMessage('folded-and-listed.sip')
  assert.deepEqual([message.topVia()?.host, message.topVia()?.branch], ['edge.contoso.example', 'z9hG4bKfold'])
  assert.equal(message.headers.values('Via').length, 2)
  assert.deepEqual(
    message.routes().map((route) => route.sipUri?.host),
    ['one.fabrikam.example', 'two.fabrikam.example', 'three.fabrikam.example'],
  )
  assert.equal(message.from()?.sipUri?.user, 'zo\u00c3\u00ab')
  assert.deepEqual([message.to()?.uri, message.to()?.sipUri], ['tel:+15550100', undefined])
  assert.deepEqual(message.cseq(), { number: 7, method: 'INVITE' })
  assert.equal(message.contacts().length, 2)
})
