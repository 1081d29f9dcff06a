import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { createRequest } from './create-request.ts'
import { createResponse } from './create-response.ts'
import { encodeMessage } from './encode-message.ts'
import { reasonPhrase } from './reason-phrase.ts'
import type { SipRequest } from './sip-request.ts'

function readRequest(text: string): SipRequest {
  const framer = new SipStreamFramer()
  framer.handleData(Buffer.from(text, 'latin1'))
  const frame = framer.takeFrame()
  assert.ok(frame?.kind === 'message' && frame.message.isRequest)
  return frame.message
}

const HEAD = [
  'INVITE sip:bob@fabrikam.example SIP/2.0',
  'v:  SIP/2.0/TLS edge.contoso.example;branch=z9hG4bK1 ,',
  ' SIP/2.0/TLS a.contoso.example;branch=z9hG4bK2',
  'Record-Route: <sip:edge.contoso.example;lr>',
  'Timestamp: 54',
  'FROM : <sip:alice@contoso.example>;tag=1',
  'T: <sip:bob@fabrikam.example>',
  'Subject: x',
  'Call-ID: 1',
  'Record-Route: <sip:a.contoso.example;lr>',
  'CSeq: 1  INVITE',
  'VIA: SIP/2.0/TLS b.contoso.example;branch=z9hG4bK3',
  'Max-Forwards: 70',
  'l: 5',
  '',
  'hello',
].join('\r\n')

test('a response takes Via, From, To, Call-ID and CSeq as they came (RFC 3261 §8.2.6.2)', () => {
  const text = encodeMessage(
    createResponse(readRequest(HEAD), 404, undefined, { toTag: 't2', headers: [['Warning', '399 a "b"']] }),
  ).toString('latin1')
  assert.equal(
    text,
    [
      'SIP/2.0 404 Not Found',
      'v:  SIP/2.0/TLS edge.contoso.example;branch=z9hG4bK1 ,',
      ' SIP/2.0/TLS a.contoso.example;branch=z9hG4bK2',
      'FROM : <sip:alice@contoso.example>;tag=1',
      'T: <sip:bob@fabrikam.example>;tag=t2',
      'Call-ID: 1',
      'CSeq: 1  INVITE',
      'VIA: SIP/2.0/TLS b.contoso.example;branch=z9hG4bK3',
      'Warning: 399 a "b"',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  )
})

test('Record-Route goes into 101–299 of dialog methods (RFC 3261 §12.1.1), Timestamp into 100 (§8.2.6.1)', () => {
  const request = readRequest(HEAD)
  const counts = [100, 180, 200, 300, 486].map((status) => createResponse(request, status).headers.count('Record-Route'))
  assert.deepEqual(counts, [0, 2, 2, 0, 0])
  assert.equal(createResponse(request, 100).headers.first('Timestamp'), '54')
  assert.equal(createResponse(request, 200).headers.has('Timestamp'), false)
  request.method = 'MESSAGE'
  assert.equal(createResponse(request, 200).headers.has('Record-Route'), false)
})

test('a To tag that is there stays, and a response shares no edits with its request', () => {
  const request = readRequest(HEAD)
  request.headers.set('To', '<sip:bob@fabrikam.example>;tag=old')
  const response = createResponse(request, 200, 'Fine', { toTag: 'new', body: Buffer.from('hi') })
  assert.equal(response.to()?.tag, 'old')
  response.headers.removeFirstValue('Via')
  assert.equal(request.headers.values('Via').length, 3)
  assert.equal(response.startLine, 'SIP/2.0 200 Fine\r\n')
  assert.ok(encodeMessage(response).toString().endsWith('\r\nContent-Length: 2\r\n\r\nhi'))
})

test('an edit shows in the next typed read, and only there', () => {
  const request = readRequest(HEAD)
  const before = request.topVia()
  assert.equal(request.topVia(), before)
  request.headers.prepend('Via', 'SIP/2.0/TLS edge.fabrikam.example;branch=z9hG4bK4')
  assert.equal(request.topVia()?.host, 'edge.fabrikam.example')
  request.headers.removeFirstValue('Via')
  assert.equal(request.topVia(), before)
  assert.equal(request.maxForwards(), 70)
  request.headers.set('Max-Forwards', '69')
  assert.equal(request.maxForwards(), 69)
})

test('method, Request-URI and body can be changed; Content-Length follows the body (RFC 3261 §20.14)', () => {
  const request = readRequest(HEAD)
  assert.equal(encodeMessage(request).toString('latin1'), HEAD)
  request.requestUri = 'sip:carol@fabrikam.example'
  request.body = Buffer.from('longer body')
  const changed = encodeMessage(request).toString('latin1')
  assert.ok(changed.startsWith('INVITE sip:carol@fabrikam.example SIP/2.0\r\n'))
  assert.ok(changed.endsWith('\r\nContent-Length: 11\r\n\r\nlonger body'))
  assert.equal(request.requestSipUri()?.user, 'carol')
})

test('nothing written into a start line can break it', () => {
  const request = createRequest('MES SAGE', 'sip:a\r\nEvil: 1 三', [])
  assert.equal(request.startLine, 'MES%20SAGE sip:a%0D%0AEvil:%201%20%E4%B8%89 SIP/2.0\r\n')
  assert.equal(createResponse(request, 400, 'Bad\r\nEvil: 1').startLine, 'SIP/2.0 400 Bad  Evil: 1\r\n')
})

test('a status without a phrase of its own gets one of its class', () => {
  assert.deepEqual(
    [reasonPhrase(504), reasonPhrase(499), reasonPhrase(299), reasonPhrase(999)],
    ['Server Time-out', 'Bad Request', 'OK', ''],
  )
})
