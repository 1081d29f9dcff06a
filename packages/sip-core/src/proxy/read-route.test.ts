import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRequest } from '../testing/sample-messages.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { readRoute } from './read-route.ts'

const identity: ProxyIdentity = {
  isOwnUri: (uri) => uri.host === 'edge.example.org' && (uri.port ?? 5061) === 5061,
  isOwnVia: () => false,
}

function read(uri: string, ...routes: string[]): ReturnType<typeof readRoute> {
  return readRoute(sampleRequest('MESSAGE', { uri, headers: routes.map((route) => ['Route', route] as const) }), identity)
}

test('RFC 3261 §16.4: maddr that names us is taken off with transport and a port that is not the default', () => {
  assert.equal(read('sip:bob@fabrikam.example:5061;maddr=edge.example.org;transport=tls').requestUri, 'sip:bob@fabrikam.example')
  assert.equal(read('sips:bob@fabrikam.example:5061;MADDR=edge.example.org;lr').requestUri, 'sips:bob@fabrikam.example:5061;lr')
  assert.equal(
    read('sip:fabrikam.example;user=ip;maddr=edge.example.org?Subject=a%20b').requestUri,
    'sip:fabrikam.example;user=ip?Subject=a%20b',
  )
  assert.equal(read('sip:bob:pw@[2001:db8::9]:5061;maddr=edge.example.org').requestUri, 'sip:bob:pw@[2001:db8::9]')
})

test('maddr of somebody else, or of another port of ours, stays', () => {
  for (const uri of [
    'sip:bob@fabrikam.example;maddr=10.0.0.1',
    'sip:bob@fabrikam.example:7000;maddr=edge.example.org',
    'sip:b@fabrikam.example;maddr',
  ]) {
    assert.equal(read(uri).requestUri, uri)
  }
})

test('our own URI as the target of a request is no Record-Route of ours: only lr and a Route behind it make it one', () => {
  assert.equal(read('sip:edge.example.org;lr').isRepaired, false)
  assert.equal(read('sip:edge.example.org', '<sip:next.example.org;lr>').isRepaired, false)
  const repaired = read('sip:edge.example.org;lr', '<sip:bob@10.0.0.9>')
  assert.deepEqual([repaired.requestUri, repaired.isRepaired, repaired.routes.length], ['sip:bob@10.0.0.9', true, 0])
})

test('other schemes pass through', () => {
  const reading = read('tel:+1-555-0100', '<sip:edge.example.org;lr>')
  assert.deepEqual([reading.requestUri, reading.isSip, reading.ownRoutes.length], ['tel:+1-555-0100', false, 1])
})
