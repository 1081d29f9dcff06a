import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerIdentity, PeerNames } from '@gatehouse/im-model'
import { matchDomain, matchHost, pinMatches } from './match.ts'

function peer(names: Partial<PeerNames>, isAuthenticated = true): PeerIdentity {
  return {
    isAuthenticated,
    refusal: undefined,
    names: { dns: [], sipDomains: [], commonName: undefined, ...names },
    anchors: ['lab'],
    mayBeTlsClient: true,
    fingerprint: '00',
    spkiPin: 'cGlu',
    issuer: 'CN=Lab',
    serial: '01',
    notAfterMs: 0,
  }
}

test('RFC 5922 §7.1: sip: URIs first, DNS names where there is none', () => {
  assert.equal(matchDomain(peer({ sipDomains: ['contoso.example'] }), 'Contoso.Example.'), 'rfc5922-uri')
  assert.equal(matchDomain(peer({ dns: ['contoso.example'] }), 'contoso.example'), 'rfc5922-dns')
  assert.equal(matchDomain(peer({ sipDomains: ['a.example'], dns: ['b.example'] }), 'b.example'), 'none')
  assert.equal(matchDomain(peer({ sipDomains: ['a.example', 'b.example'] }), 'b.example'), 'rfc5922-uri')
  assert.equal(matchDomain(peer({ commonName: 'a.example' }), 'a.example'), 'rfc5922-dns')
})

test('RFC 5922 §7.2: no wildcard, no parent, no child', () => {
  const identity = peer({ dns: ['*.contoso.example', 'contoso.example'] })
  assert.equal(matchDomain(identity, 'sip.contoso.example'), 'none')
  assert.equal(matchDomain(identity, '*.contoso.example'), 'none')
  assert.equal(matchDomain(peer({ dns: ['sip.contoso.example'] }), 'contoso.example'), 'none')
  assert.equal(matchDomain(peer({ dns: [''] }), ''), 'none')
})

test('hosts: wildcards only when allowed, one label, never below a top-level domain', () => {
  const identity = peer({ dns: ['*.contoso.example', '*.example', 'edge.fabrikam.example'] })
  const wild = { acceptWildcard: true }
  assert.equal(matchHost(identity, 'EDGE.fabrikam.example'), true)
  assert.equal(matchHost(identity, 'sip.contoso.example'), false)
  assert.equal(matchHost(identity, 'sip.contoso.example', wild), true)
  assert.equal(matchHost(identity, 'a.sip.contoso.example', wild), false)
  assert.equal(matchHost(identity, 'contoso.example', wild), false)
  assert.equal(matchHost(peer({ sipDomains: ['contoso.example'] }), 'contoso.example'), false)
  assert.equal(matchHost(peer({ commonName: 'edge.example' }), 'edge.example'), true)
})

test('pins: either of two, none demanded, prefix allowed', () => {
  const identity = peer({})
  assert.equal(pinMatches(identity, []), true)
  assert.equal(pinMatches(identity, ['b3RoZXI=', 'sha256/cGlu']), true)
  assert.equal(pinMatches(identity, ['b3RoZXI=']), false)
  assert.equal(pinMatches(identity, ['']), false)
})

test('who is not authenticated matches nothing', () => {
  const identity = peer({ dns: ['a.example'], sipDomains: ['a.example'] }, false)
  assert.equal(matchDomain(identity, 'a.example'), 'none')
  assert.equal(matchHost(identity, 'a.example'), false)
  assert.equal(pinMatches(identity, ['cGlu']), false)
})
