import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRequest } from '../testing/sample-messages.ts'
import { type ForwardedRequest, type ForwardOptions, prepareForward } from './prepare-forward.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import type { ProxyRefusal } from './proxy-refusal.ts'

function proxyNamed(...hosts: string[]): ProxyIdentity {
  return { isOwnUri: (uri) => hosts.includes(uri.host), isOwnVia: (via) => hosts.includes(via.host) }
}

function options(host: string, extra: Partial<ForwardOptions> = {}): ForwardOptions {
  return {
    identity: proxyNamed(host),
    egressVia: { host, port: 5061 },
    branchSeed: 'seed',
    supportedOptionTags: new Set(['path']),
    ...extra,
  }
}

function forwarded(result: ForwardedRequest | ProxyRefusal): ForwardedRequest {
  assert.ok(result.ok, `refused: ${JSON.stringify(result)}`)
  return result
}

function refused(result: ForwardedRequest | ProxyRefusal): ProxyRefusal {
  assert.ok(!result.ok)
  return result
}

function routed(method: string, uri: string, ...routes: string[]): ReturnType<typeof sampleRequest> {
  return sampleRequest(method, { uri, headers: routes.map((route) => ['Route', route] as const) })
}

test('a forwarded request has our Via on top and one hop less, and the request that came in is untouched', () => {
  const request = sampleRequest('MESSAGE', { body: 'hello' })
  const result = forwarded(prepareForward(request, options('p1.example.org')))
  const [top, next] = result.request.headers.values('via')
  assert.equal(top, `SIP/2.0/TLS p1.example.org:5061;branch=${result.branch}`)
  assert.match(result.branch, /^z9hG4bKseed\.[0-9a-z]+$/)
  assert.equal(next, 'SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bKsample')
  assert.equal(result.request.headers.first('max-forwards'), '69')
  assert.equal(result.nextHopUri, 'sip:bob@fabrikam.example')
  assert.equal(result.request.body, request.body)
  assert.equal(request.headers.count('via'), 1)
  assert.equal(request.headers.first('max-forwards'), '70')
})

test('RFC 3261 §16.6 step 2: a target given by the caller replaces the Request-URI', () => {
  const result = forwarded(prepareForward(sampleRequest('MESSAGE'), options('p1.example.org', { targetUri: 'sip:bob@10.0.0.9' })))
  assert.equal(result.request.requestUri, 'sip:bob@10.0.0.9')
  assert.equal(result.nextHopUri, 'sip:bob@10.0.0.9')
})

test('RFC 3261 §16.6 step 3: Max-Forwards is added when absent', () => {
  const result = forwarded(prepareForward(sampleRequest('MESSAGE', { maxForwards: null }), options('p1.example.org')))
  assert.deepEqual(result.request.headers.all('max-forwards'), ['70'])
})

test('an IPv6 sent-by stands in brackets', () => {
  const result = forwarded(prepareForward(sampleRequest('MESSAGE'), options('2001:db8::1')))
  assert.equal(result.request.topVia()?.host, '2001:db8::1')
  assert.match(result.request.headers.values('via')[0] ?? '', /^SIP\/2\.0\/TLS \[2001:db8::1\]:5061;/)
})

test('RFC 3261 §16.3 step 3: a request that may not go on is refused with 483, one hop more is enough', () => {
  const refusal = refused(prepareForward(sampleRequest('OPTIONS', { maxForwards: 0 }), options('p1.example.org')))
  assert.deepEqual([refusal.status, refusal.code], [483, 'GH-SIP-TOO-MANY-HOPS'])
  const last = forwarded(prepareForward(sampleRequest('OPTIONS', { maxForwards: 1 }), options('p1.example.org')))
  assert.equal(last.request.headers.first('max-forwards'), '0')
})

test('RFC 3261 §16.3 step 2: a scheme that nobody can route is refused with 416, unless Route says where it goes', () => {
  const refusal = refused(prepareForward(routed('MESSAGE', 'tel:+1-555-0100'), options('p1.example.org')))
  assert.equal(refusal.status, 416)
  const result = forwarded(prepareForward(routed('MESSAGE', 'tel:+1-555-0100', '<sip:next.example.org;lr>'), options('p1.example.org')))
  assert.equal(result.nextHopUri, 'sip:next.example.org;lr')
})

test('RFC 3261 §16.3 step 5: an unknown Proxy-Require is refused with 420 that lists exactly the unknown ones', () => {
  const request = sampleRequest('MESSAGE', {
    headers: [
      ['Proxy-Require', 'Path, gizmo'],
      ['Proxy-Require', 'wibble'],
    ],
  })
  const refusal = refused(prepareForward(request, options('p1.example.org')))
  assert.equal(refusal.status, 420)
  assert.deepEqual(refusal.extraHeaders, [['Unsupported', 'gizmo, wibble']])
  assert.ok(prepareForward(sampleRequest('MESSAGE', { headers: [['Proxy-Require', 'path']] }), options('p1.example.org')).ok)
})

test('RFC 3261 §16.3 step 4: what comes back unchanged is a loop, what comes back with another target is a spiral', () => {
  const first = forwarded(prepareForward(sampleRequest('MESSAGE'), options('p1.example.org')))
  const away = forwarded(prepareForward(first.request, options('p2.example.org', { branchSeed: 'other' })))
  const refusal = refused(prepareForward(away.request, options('p1.example.org', { branchSeed: 'second' })))
  assert.deepEqual([refusal.status, refusal.code], [482, 'GH-SIP-LOOP'])
  const spiral = away.request.copy()
  spiral.requestUri = 'sip:bob@sales.fabrikam.example'
  assert.ok(prepareForward(spiral, options('p1.example.org', { branchSeed: 'second' })).ok)
})

test('a loop is found behind Vias on one line, and not in the Via of somebody else with the same hash', () => {
  const first = forwarded(prepareForward(sampleRequest('MESSAGE'), options('p1.example.org')))
  const via = `SIP/2.0/TLS p2.example.org;branch=z9hG4bKx, ${first.request.headers.values('via').join(', ')}`
  assert.equal(refused(prepareForward(sampleRequest('MESSAGE', { via }), options('p1.example.org'))).status, 482)
  assert.ok(prepareForward(sampleRequest('MESSAGE', { via }), options('p3.example.org')).ok)
})

test('RFC 3261 §16.6 step 4, RFC 5658: requests that make dialogs get both Record-Routes, the one of the way out on top', () => {
  const recordRoutes = { ingressRecordRoute: '<sip:out.example.org;lr>', egressRecordRoute: '<sip:in.example.org;lr>' }
  for (const method of ['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE']) {
    const request = sampleRequest(method, { headers: [['Record-Route', '<sip:before.example.org;lr>']] })
    const result = forwarded(prepareForward(request, options('p1.example.org', recordRoutes)))
    assert.deepEqual(result.request.headers.values('record-route'), [
      '<sip:in.example.org;lr>',
      '<sip:out.example.org;lr>',
      '<sip:before.example.org;lr>',
    ])
  }
  for (const method of ['MESSAGE', 'ACK', 'BYE', 'INFO', 'OPTIONS', 'BENOTIFY']) {
    const result = forwarded(prepareForward(sampleRequest(method), options('p1.example.org', recordRoutes)))
    assert.equal(result.request.headers.has('record-route'), false)
  }
})

test('RFC 3261 §16.12.1.1: the BYE of a call through two loose routers', () => {
  const bye = routed('BYE', 'sip:caller@u1.example.org', '<sip:p2.example.net;lr>, <sip:p1.example.org;lr>')
  const atP2 = forwarded(prepareForward(bye, options('p2.example.net')))
  assert.deepEqual(atP2.request.headers.values('route'), ['<sip:p1.example.org;lr>'])
  assert.equal(atP2.nextHopUri, 'sip:p1.example.org;lr')
  assert.equal(atP2.removedOwnRoutes[0]?.uri, 'sip:p2.example.net;lr')
  const atP1 = forwarded(prepareForward(atP2.request, options('p1.example.org')))
  assert.equal(atP1.request.headers.has('route'), false)
  assert.equal(atP1.nextHopUri, 'sip:caller@u1.example.org')
})

test('RFC 3261 §16.12.1.2: the BYE of a call through a strict router in the middle', () => {
  const routes = ['<sip:p4.example.net;lr>', '<sip:p3.example.com>', '<sip:p2.example.org;lr>', '<sip:p1.example.org;lr>']
  const bye = routed('BYE', 'sip:caller@u1.example.org', ...routes)
  // P4: the next hop has no lr, so it goes into the Request-URI and the target to the end of the Route
  const atP4 = forwarded(prepareForward(bye, options('p4.example.net')))
  assert.equal(atP4.request.requestUri, 'sip:p3.example.com')
  assert.equal(atP4.nextHopUri, 'sip:p3.example.com')
  assert.deepEqual(atP4.request.headers.values('route'), [
    '<sip:p2.example.org;lr>',
    '<sip:p1.example.org;lr>',
    '<sip:caller@u1.example.org>',
  ])
  // P3 routes strictly: it puts the first Route into the Request-URI
  const atP3 = atP4.request.copy()
  atP3.headers.removeFirstValue('route')
  atP3.requestUri = 'sip:p2.example.org;lr'
  // P2 finds its own Record-Route in the Request-URI and puts the last Route back
  const atP2 = forwarded(prepareForward(atP3, options('p2.example.org')))
  assert.equal(atP2.request.requestUri, 'sip:caller@u1.example.org')
  assert.deepEqual(atP2.request.headers.values('route'), ['<sip:p1.example.org;lr>'])
  assert.equal(atP2.nextHopUri, 'sip:p1.example.org;lr')
  const atP1 = forwarded(prepareForward(atP2.request, options('p1.example.org')))
  assert.equal(atP1.request.requestUri, 'sip:caller@u1.example.org')
  assert.equal(atP1.request.headers.has('route'), false)
})

test('RFC 5658: both Routes of a double Record-Route are taken at once, on one line or on two', () => {
  const identity = proxyNamed('in.example.org', 'out.example.org')
  for (const lines of [
    ['<sip:in.example.org;lr>', '<sip:out.example.org;lr>', '<sip:next.example.net;lr>'],
    ['<sip:in.example.org;lr>,<sip:out.example.org;lr> , <sip:next.example.net;lr>'],
  ]) {
    const result = forwarded(prepareForward(routed('BYE', 'sip:bob@10.0.0.9', ...lines), options('in.example.org', { identity })))
    assert.deepEqual(result.request.headers.values('route'), ['<sip:next.example.net;lr>'])
    assert.equal(result.removedOwnRoutes.length, 2)
    assert.equal(result.nextHopUri, 'sip:next.example.net;lr')
  }
})

test('an own Route behind a foreign one stays: it is visited later', () => {
  const request = routed('BYE', 'sip:bob@10.0.0.9', '<sip:next.example.net;lr>', '<sip:p1.example.org;lr>')
  const result = forwarded(prepareForward(request, options('p1.example.org')))
  assert.equal(result.request.headers.values('route').length, 2)
  assert.equal(result.removedOwnRoutes.length, 0)
})

test('a strict router repaired and own Routes popped in the same request', () => {
  const identity = proxyNamed('in.example.org', 'out.example.org')
  const request = routed('BYE', 'sip:in.example.org;lr', '<sip:out.example.org;lr>', '<sip:next.example.net;lr>', '<sip:bob@10.0.0.9>')
  const result = forwarded(prepareForward(request, options('in.example.org', { identity })))
  assert.equal(result.request.requestUri, 'sip:bob@10.0.0.9')
  assert.deepEqual(result.request.headers.values('route'), ['<sip:next.example.net;lr>'])
  assert.equal(result.removedOwnRoutes.length, 1)
})

test('RFC 3261 §19.1.1: what may not stand in a Request-URI is left out when a Route becomes one', () => {
  const onward = routed('BYE', 'sip:bob@10.0.0.9', '<sip:a?b@strict.example.org;method=INVITE;x=1?Subject=a?b>')
  const result = forwarded(prepareForward(onward, options('p1.example.org')))
  assert.equal(result.request.requestUri, 'sip:a?b@strict.example.org;x=1')
  const back = routed('BYE', 'sip:p1.example.org;lr', '<sip:bob@10.0.0.9;METHOD=bye?Route=evil>')
  assert.equal(forwarded(prepareForward(back, options('p1.example.org'))).request.requestUri, 'sip:bob@10.0.0.9')
})
