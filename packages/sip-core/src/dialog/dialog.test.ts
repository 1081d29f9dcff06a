import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest } from '../message/create-request.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { sampleRequest } from '../testing/sample-messages.ts'
import { Dialog } from './dialog.ts'
import { dialogIdOf, dialogKey, isInDialog } from './dialog-id.ts'

const loose = ['<sip:p2.example.net;lr>', '<sip:p1.example.org;lr>']
const bobContact = ['Contact', '<sip:bob@192.0.2.4>'] as const

function invite(recordRoutes: readonly string[] = loose): SipRequest {
  return sampleRequest('INVITE', { cseq: 7, headers: recordRoutes.map((value) => ['Record-Route', value] as const) })
}

/** Both ends of the dialog that one INVITE and its 200 make. */
function pair(recordRoutes: readonly string[] = loose): { caller: Dialog; called: Dialog } {
  const request = invite(recordRoutes)
  const response = createResponse(request, 200, undefined, { toTag: 'bob-1', headers: [bobContact] })
  const [caller, called] = [Dialog.ofSent(request, response), Dialog.ofReceived(request, response)]
  assert.ok(caller !== undefined && called !== undefined)
  return { caller, called }
}

test('RFC 3261 §12: both ends name the same dialog, with local and remote swapped', () => {
  const { caller, called } = pair()
  assert.deepEqual(caller.id, { callId: 'call-1@contoso.example', localTag: 'alice-1', remoteTag: 'bob-1' })
  assert.deepEqual(called.id, { callId: 'call-1@contoso.example', localTag: 'bob-1', remoteTag: 'alice-1' })
  const bye = called.createRequest('BYE').request
  assert.equal(dialogKey(dialogIdOf(bye, 'to')!), dialogKey(caller.id))
  assert.equal(isInDialog(bye), true)
  assert.equal(isInDialog(invite()), false)
  assert.equal(dialogIdOf(invite(), 'to'), undefined)
})

test('RFC 3261 §12.2.1.1: requests carry the parties, the route set of their end and a rising CSeq', () => {
  const { caller, called } = pair()
  const bye = caller.createRequest('BYE')
  assert.deepEqual(bye.request.headers.values('route'), ['<sip:p1.example.org;lr>', '<sip:p2.example.net;lr>'])
  assert.equal(bye.request.requestUri, 'sip:bob@192.0.2.4')
  assert.equal(bye.nextHopUri, 'sip:p1.example.org;lr')
  assert.equal(bye.request.headers.first('cseq'), '8 BYE')
  assert.equal(bye.request.headers.first('to'), '<sip:bob@fabrikam.example>;tag=bob-1')
  const back = called.createRequest('MESSAGE', [['Content-Type', 'text/plain']], { body: new TextEncoder().encode('hi') })
  assert.deepEqual(back.request.headers.values('route'), loose)
  assert.equal(back.request.headers.first('from'), '<sip:bob@fabrikam.example>;tag=bob-1')
  assert.equal(back.request.requestUri, 'sip:alice@10.0.0.1:5061;transport=tls')
  assert.equal(back.request.contentLength(), 2)
  assert.equal(bye.request.contentLength(), 0)
  assert.deepEqual(
    [called.createRequest('INFO'), called.createRequest('BYE')].map((next) => next.request.cseq()?.number),
    [2, 3],
  )
})

test('RFC 3261 §13.2.2.4: an ACK has the number of its INVITE and uses none up', () => {
  const { caller } = pair()
  assert.equal(caller.createRequest('ACK', [], { ackOf: 7 }).request.headers.first('cseq'), '7 ACK')
  assert.equal(caller.createRequest('BYE').request.headers.first('cseq'), '8 BYE')
})

test('RFC 3261 §12.2.1.1: a strict first route goes into the Request-URI', () => {
  const bye = pair(['<sip:p2.example.net;lr>', '<sip:p1.example.org>']).caller.createRequest('BYE')
  assert.equal(bye.request.requestUri, 'sip:p1.example.org')
  assert.deepEqual(bye.request.headers.values('route'), ['<sip:p2.example.net;lr>', '<sip:bob@192.0.2.4>'])
  assert.equal(bye.nextHopUri, 'sip:p1.example.org')
})

test('without routes the remote target is the next hop', () => {
  const bye = pair([]).caller.createRequest('BYE')
  assert.equal(bye.nextHopUri, 'sip:bob@192.0.2.4')
  assert.equal(bye.request.headers.has('route'), false)
})

test('RFC 3261 §12.2.2: numbers that do not rise are out of order, but for ACK and CANCEL', () => {
  const { caller, called } = pair()
  const info = caller.createRequest('INFO').request
  assert.equal(called.handleRequest(info), 'in-order')
  assert.equal(called.handleRequest(info), 'out-of-order')
  assert.equal(called.handleRequest(caller.createRequest('ACK', [], { ackOf: 7 }).request), 'in-order')
  assert.equal(called.handleRequest(caller.createRequest('BYE').request), 'in-order')
  assert.equal(caller.handleRequest(called.createRequest('BYE').request), 'in-order')
})

test('RFC 3261 §12.2: the remote target follows target refreshes and nothing else', () => {
  const { caller, called } = pair()
  const moved = [['Contact', '<sip:alice@10.9.9.9>']] as const
  called.handleRequest(caller.createRequest('INFO', moved).request)
  assert.equal(called.remoteTarget, 'sip:alice@10.0.0.1:5061;transport=tls')
  const reinvite = caller.createRequest('INVITE', moved).request
  called.handleRequest(reinvite)
  assert.equal(called.remoteTarget, 'sip:alice@10.9.9.9')
  const headers = [['Contact', '<sip:bob@10.8.8.8>']] as const
  caller.handleResponse(createResponse(reinvite, 180, undefined, { headers }))
  assert.equal(caller.remoteTarget, 'sip:bob@192.0.2.4')
  caller.handleResponse(createResponse(reinvite, 200, undefined, { headers }))
  assert.equal(caller.remoteTarget, 'sip:bob@10.8.8.8')
})

test('what cannot make a dialog makes none', () => {
  const request = invite()
  const bare = createRequest('INVITE', 'sip:bob@fabrikam.example', [
    ['From', '<sip:a@contoso.example>;tag=1'],
    ['To', '<sip:b@fabrikam.example>'],
  ])
  assert.equal(Dialog.ofSent(request, createResponse(request, 180)), undefined)
  assert.equal(Dialog.ofSent(request, createResponse(request, 180, undefined, { toTag: 'bob-1' })), undefined)
  assert.equal(Dialog.ofReceived(bare, createResponse(bare, 200, undefined, { toTag: 'x' })), undefined)
})

test('a dialog goes on where its state is restored, with numbers above those that may have been used', () => {
  const { caller, called } = pair()
  called.handleRequest(caller.createRequest('MESSAGE').request)
  const state = called.state()
  const restored = Dialog.restore({ ...state, localSequence: state.localSequence + 1_000 })
  assert.deepEqual(restored.id, called.id)
  const request = restored.createRequest('MESSAGE')
  assert.deepEqual([request.request.cseq()?.number, request.nextHopUri], [1_001, called.createRequest('MESSAGE').nextHopUri])
  assert.equal(caller.handleRequest(request.request), 'in-order')
  assert.equal(restored.handleRequest(caller.createRequest('MESSAGE').request), 'in-order')
})
