import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { encodeMessage } from '../message/encode-message.ts'
import type { Frame } from './frame.ts'
import { SipStreamFramer } from './sip-stream-framer.ts'

function head(...extra: string[]): string {
  return [
    'MESSAGE sip:bob@fabrikam.example SIP/2.0',
    'Via: SIP/2.0/TLS edge.contoso.example;branch=z9hG4bK1',
    'From: <sip:alice@contoso.example>;tag=1',
    'To: <sip:bob@fabrikam.example>',
    'Call-ID: 1',
    'CSeq: 1 MESSAGE',
    ...extra,
    '',
    '',
  ].join('\r\n')
}

function takeAll(framer: SipStreamFramer): Frame[] {
  const frames: Frame[] = []
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) frames.push(frame)
  return frames
}

function frames(text: string, framer: SipStreamFramer = new SipStreamFramer()): Frame[] {
  framer.handleData(Buffer.from(text, 'latin1'))
  return takeAll(framer)
}

function outcome(frame: Frame | undefined): string {
  if (frame === undefined) return 'waits'
  return frame.kind === 'message' || frame.kind === 'keepalive' ? frame.kind : `${frame.kind} ${frame.defect.status} ${frame.defect.code}`
}

function bodyOf(frame: Frame | undefined): string {
  return frame?.kind === 'message' ? Buffer.from(frame.message.body).toString('latin1') : ''
}

test('a message ends after the announced bytes and the next one begins there (RFC 3261 §18.3)', () => {
  const [first, second, ...rest] = frames(`${head('Content-Length: 5')}hello${head('l: 0')}`)
  assert.equal(bodyOf(first), 'hello')
  assert.equal(second?.kind, 'message')
  assert.equal(rest.length, 0)
})

test('line ends before a start line are dropped, two of them are a keep-alive (RFC 3261 §7.5, RFC 5626 §3.5.1)', () => {
  assert.deepEqual(frames(`\r\n${head('l: 0')}`).map(outcome), ['message'])
  assert.deepEqual(frames(`\r\n\r\n\r\n${head('l: 0')}\r\n\r\n`).map(outcome), ['keepalive', 'message', 'keepalive'])
})

/** What decides where a message ends, and what we make of it. Anything doubtful closes the connection. */
const LENGTHS: readonly (readonly [why: string, headers: readonly string[], expected: string])[] = [
  ['plain', ['Content-Length: 5'], 'message'],
  ['compact form', ['l: 5'], 'message'],
  ['odd case and spaces', ['cOnTeNt-LeNgTh \t:   5  '], 'message'],
  ['folded (RFC 3261 §7.3.1)', ['Content-Length:\r\n 5'], 'message'],
  ['leading zeros are decimal (1*DIGIT)', ['Content-Length: 0005'], 'message'],
  ['missing', [], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['empty', ['Content-Length:'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['two different', ['Content-Length: 5', 'Content-Length: 6'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['two equal', ['Content-Length: 5', 'Content-Length: 5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['two in both forms', ['l: 0', 'Content-Length: 5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['list', ['Content-Length: 5, 6'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['list of equals', ['Content-Length: 5,5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['sign', ['Content-Length: +5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['negative', ['Content-Length: -5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['hexadecimal', ['Content-Length: 0x5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['fraction', ['Content-Length: 5.0'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['exponent', ['Content-Length: 5e0'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['parameter', ['Content-Length: 5;x'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['two numbers in a fold', ['Content-Length: 5\r\n 6'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['above 2^53', ['Content-Length: 99999999999999999999'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['above 2^32', ['Content-Length: 4294967301'], 'broken 413 GH-SIP-BODY-SIZE'],
  ['larger than allowed', ['Content-Length: 1048577'], 'broken 413 GH-SIP-BODY-SIZE'],
  ['vertical tab after the name', ['Content-Length\x0b: 5', 'l: 5'], 'malformed 400 GH-SIP-CONTROL-CHARACTER'],
  ['no colon', ['Content-Length 5'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['in a fold of the start line', ['l: 5'].map((line) => `X: y\r\n ${line}`), 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['behind a bare LF', ['X: y\nContent-Length: 50', 'l: 5'], 'broken 400 GH-SIP-LINE-END'],
  ['behind a bare CR', ['X: y\rContent-Length: 50', 'l: 5'], 'broken 400 GH-SIP-LINE-END'],
  ['NUL in the number', ['Content-Length: 5\0'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
  ['Latin-1 digit', ['Content-Length: 5\xb2'], 'broken 400 GH-SIP-CONTENT-LENGTH'],
]

for (const [why, headers, expected] of LENGTHS) {
  test(`Content-Length ${why}: ${expected}`, () => {
    assert.equal(outcome(frames(`${head(...headers)}hello`)[0]), expected)
  })
}

test('after a broken frame nothing more is read, whatever follows', () => {
  const framer = new SipStreamFramer()
  const [first, ...rest] = frames(`${head('l: 5', 'l: 0')}${head('l: 0')}`, framer)
  assert.equal(outcome(first), 'broken 400 GH-SIP-CONTENT-LENGTH')
  assert.equal(rest.length, 0)
  assert.deepEqual(frames(head('l: 0'), framer), [])
  assert.equal(framer.bufferedBytes, 0)
})

test('a refused message with a known end leaves the stream in step', () => {
  const bad = head('l: 3', 'X: a\0b')
  assert.deepEqual(frames(`${bad}abc${head('l: 0')}`).map(outcome), ['malformed 400 GH-SIP-CONTROL-CHARACTER', 'message'])
})

const HEADS: readonly (readonly [why: string, text: string, expected: string])[] = [
  ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'broken 400 GH-SIP-NOT-SIP'],
  ['a TLS record', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 'broken 400 GH-SIP-NOT-SIP'],
  ['another version', head('l: 0').replace('SIP/2.0', 'SIP/3.0'), 'malformed 505 GH-SIP-VERSION'],
  ['NUL in a header', head('X: \0', 'l: 0'), 'malformed 400 GH-SIP-CONTROL-CHARACTER'],
  ['NUL escaped in quotes (RFC 3261 §25.1 quoted-pair)', head('Subject: "\\\0"', 'l: 0'), 'message'],
  ['NUL behind a backslash without quotes', head('Subject: \\\0', 'l: 0'), 'malformed 400 GH-SIP-CONTROL-CHARACTER'],
  ['NUL behind an escaped backslash', head('Subject: "\\\\\0"', 'l: 0'), 'malformed 400 GH-SIP-CONTROL-CHARACTER'],
  ['NUL in the start line', head('l: 0').replace('bob', 'b\0b'), 'malformed 400 GH-SIP-START-LINE'],
  ['a header without name', head(': x', 'l: 0'), 'malformed 400 GH-SIP-HEADER-SYNTAX'],
  ['a fold as first line', head('l: 0').replace('Via', ' Via'), 'malformed 400 GH-SIP-HEADER-SYNTAX'],
  ['a space in a header name', head('X Y: z', 'l: 0'), 'malformed 400 GH-SIP-HEADER-SYNTAX'],
]

for (const [why, text, expected] of HEADS) {
  test(`head with ${why}: ${expected}`, () => {
    assert.equal(outcome(frames(text)[0]), expected)
  })
}

test('too many lines and too large a head are refused with 513 before they are read to the end', () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `X-${index}: y`)
  assert.equal(outcome(frames(head(...lines, 'l: 0'), new SipStreamFramer({ maxHeadBytes: 1 << 20 }))[0]), 'broken 513 GH-SIP-HEAD-SIZE')
  const endless = new SipStreamFramer()
  const chunk = Buffer.from(`X: ${'y'.repeat(4096)}\r\n`)
  endless.handleData(Buffer.from('MESSAGE sip:a@b.example SIP/2.0\r\n'))
  let handed = 0
  while (handed < 1 << 20 && takeAll(endless).length === 0) {
    endless.handleData(chunk)
    handed += chunk.length
  }
  assert.ok(handed <= 65_536 + 2 * chunk.length, `${handed} bytes were taken`)
  assert.equal(endless.bufferedBytes, 0)
})

test('a large message byte by byte costs no more than its length', () => {
  const body = Buffer.alloc(200_000, 'x')
  const bytes = Buffer.concat([
    Buffer.from(head(...Array.from({ length: 100 }, (_, index) => `X-${index}: ${'y'.repeat(400)}`), `l: ${body.length}`)),
    body,
  ])
  const framer = new SipStreamFramer()
  const copy = Buffer.alloc(1)
  let seen = 0
  for (const byte of bytes) {
    copy[0] = byte
    framer.handleData(Buffer.from(copy))
    seen += takeAll(framer).length
    assert.ok(framer.bufferedBytes <= bytes.length)
  }
  assert.equal(seen, 1)
  assert.equal(framer.isMidMessage, false)
})

test('bodies given out are not overwritten by what comes after', () => {
  const framer = new SipStreamFramer()
  const bytes = Buffer.from(`${head('l: 5')}first${head('l: 5')}other`)
  const bodies: string[] = []
  const kept: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 7) {
    framer.handleData(Buffer.from(bytes.subarray(at, at + 7)))
    for (const frame of takeAll(framer)) if (frame.kind === 'message') kept.push(frame.message.body)
  }
  for (const body of kept) bodies.push(Buffer.from(body).toString())
  assert.deepEqual(bodies, ['first', 'other'])
})

test('data handed in without taking the frames is refused, not hoarded', () => {
  const framer = new SipStreamFramer({ maxHeadBytes: 1000, maxBodyBytes: 1000 })
  const message = Buffer.from(head('l: 0'))
  for (let index = 0; index < 100; index++) framer.handleData(message)
  assert.ok(framer.bufferedBytes <= 2000 + message.length)
  assert.deepEqual(takeAll(framer).map(outcome), ['broken 400 GH-SIP-BACKLOG'])
})

test('isMidMessage tells a started message from silence', () => {
  const framer = new SipStreamFramer()
  assert.equal(framer.isMidMessage, false)
  assert.deepEqual(frames(head('l: 5').slice(0, 20), framer), [])
  assert.equal(framer.isMidMessage, true)
  assert.deepEqual(frames(head('l: 5').slice(20), framer), [])
  assert.equal(framer.isMidMessage, true)
  const [frame] = frames('hello', framer)
  assert.equal(frame?.kind === 'message' ? encodeMessage(frame.message).toString() : '', `${head('l: 5')}hello`)
  assert.equal(framer.isMidMessage, false)
})
