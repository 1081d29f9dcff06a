import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EvidenceClass } from '@gatehouse/im-model'
import { explain } from './decide.ts'
import type { VerificationLevel } from './document.ts'
import type { DecisionInput } from './input.ts'
import type { Snapshot } from './snapshot.ts'
import { DecisionState } from './state/decision-state.ts'
import {
  allowed,
  bridged,
  decided,
  inbound,
  internal,
  network,
  object,
  outbound,
  partner,
  provider,
  rightsOf,
  settings,
  snapshotOf,
  srvOf,
  user,
} from './testing/samples.ts'

const base = [internal('contoso.example'), settings({ unverified: { message: 'deliver', presence: 'allow' } })]
const jabber = network('jabber', { domains: ['fabrikam.example', '*.jabber.example'] })
const open = network('jabber', { openDomains: true })

function code(snapshot: Snapshot, input: DecisionInput): string {
  return decided(snapshot, input).code
}

describe('from a network', () => {
  it('its own domains come in as class bridge, under the name of the network, without a certificate', () => {
    for (const fromDomain of ['fabrikam.example', 'a.jabber.example', 'b.a.jabber.example']) {
      const decision = decided(snapshotOf(...base, jabber), bridged({ fromDomain }))
      assert.deepEqual([decision.verdict, decision.peerClass, decision.partner], ['allow', 'bridge', 'jabber'], fromDomain)
      assert.deepEqual(decision.destination, { to: 'inside', domain: 'contoso.example' })
    }
  })

  const rows: readonly (readonly [why: string, code: string, snapshot: Snapshot, input: DecisionInput])[] = [
    ['never an internal domain', 'GH-POLICY-SOURCE-INTERNAL', snapshotOf(...base, open), bridged({ fromDomain: 'contoso.example' })],
    ['never a domain it does not list', 'GH-POLICY-SOURCE-NETWORK', snapshotOf(...base, jabber), bridged({ fromDomain: 'other.example' })],
    ['`*.` is not the domain itself', 'GH-POLICY-SOURCE-NETWORK', snapshotOf(...base, jabber), bridged({ fromDomain: 'jabber.example' })],
    [
      'never for another protocol',
      'GH-POLICY-SOURCE-NETWORK',
      snapshotOf(...base, jabber),
      bridged({ bridge: { protocol: 'irc', evidence: 'V3' } }),
    ],
    [
      'never for a SIP partner',
      'GH-POLICY-SOURCE-NETWORK',
      snapshotOf(...base, jabber, partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' })),
      bridged(),
    ],
    [
      'never for a provider',
      'GH-POLICY-SOURCE-NETWORK',
      snapshotOf(...base, open, provider('p', { edge: 'e.example', domains: ['fabrikam.example'] })),
      bridged(),
    ],
    [
      'an open one never for an allowed domain',
      'GH-POLICY-SOURCE-NETWORK',
      snapshotOf(...base, open, allowed('fabrikam.example')),
      bridged(),
    ],
    [
      'off until enabled',
      'GH-POLICY-NETWORK-DISABLED',
      snapshotOf(...base, network('jabber', { domains: ['fabrikam.example'], enabled: false })),
      bridged(),
    ],
    [
      'not with less evidence than asked for',
      'GH-POLICY-EVIDENCE',
      snapshotOf(...base, network('jabber', { openDomains: true, minEvidence: 'V2' })),
      bridged({}, 'V1'),
    ],
    [
      'not a kind that is not listed',
      'GH-POLICY-KIND',
      snapshotOf(...base, network('jabber', { openDomains: true, kinds: ['message'] })),
      bridged({ kind: 'presence' }),
    ],
    ['not on to another network', 'GH-POLICY-RELAY', snapshotOf(...base, open), bridged({ toDomain: 'elsewhere.example' })],
    [
      'not while federation is off',
      'GH-POLICY-FEDERATION-OFF',
      snapshotOf(internal('contoso.example'), settings({ enabled: false }), open),
      bridged(),
    ],
  ]
  for (const [why, expected, snapshot, input] of rows) {
    it(`${why}: ${expected}`, () => assert.equal(code(snapshot, input), expected))
  }

  it('an open one speaks for whatever nobody else has, subdomains included', () => {
    assert.equal(decided(snapshotOf(...base, open), bridged({ fromDomain: 'new.example' })).partner, 'jabber')
  })

  it('the words of its protocol stand in no filter of SIP methods', () => {
    const strict = settings({ methods: { allow: ['MESSAGE'] }, unverified: { message: 'deliver', presence: 'allow' } })
    assert.equal(code(snapshotOf(internal('contoso.example'), strict, open), bridged({ method: 'PRIVMSG' })), 'GH-POLICY-ALLOWED')
  })
})

describe('marks of a network', () => {
  const rows: readonly (readonly [level: VerificationLevel, verifiedFrom: EvidenceClass | 'never'])[] = [
    ['useSourceVerification', 'V2'],
    ['alwaysVerifiable', 'V0'],
    ['alwaysUnverifiable', 'never'],
  ]
  for (const [verification, from] of rows) {
    it(`${verification}: verified from ${from}`, () => {
      const snapshot = snapshotOf(...base, network('jabber', { openDomains: true, verification }))
      for (const evidence of ['V0', 'V1', 'V2', 'V3'] as const) {
        const decision = decided(snapshot, bridged({}, evidence))
        assert.deepEqual([decision.mark, decision.evidence], [evidence >= from && from !== 'never' ? 'verified' : 'unverified', evidence])
      }
    })
  }

  it('an unverified stranger is held back unless the recipient has them as a contact', () => {
    const strict = [internal('contoso.example'), settings(), open]
    assert.equal(code(snapshotOf(...strict), bridged({}, 'V0')), 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.equal(code(snapshotOf(...strict), bridged({}, 'V2')), 'GH-POLICY-ALLOWED')
    const knows = user('bob@contoso.example', ['alice@fabrikam.example'])
    assert.equal(code(snapshotOf(...strict, knows), bridged({}, 'V0')), 'GH-POLICY-ALLOWED')
  })
})

describe('to a network', () => {
  it('a listed domain goes there, named with its protocol', () => {
    const decision = decided(snapshotOf(...base, jabber), outbound())
    assert.deepEqual([decision.verdict, decision.peerClass, decision.partner], ['allow', 'bridge', 'jabber'])
    assert.deepEqual(decision.destination, { to: 'network', network: 'jabber', protocol: 'xmpp', domain: 'fabrikam.example' })
    const explained = explain(snapshotOf(...base, jabber), outbound(), new DecisionState())
    const step = 'need' in explained ? undefined : explained.proof.find(({ rule }) => rule === 'destination')
    assert.deepEqual([step?.source, step?.detail], ['Network/jabber', 'fabrikam.example is reached over xmpp'])
  })

  it('a SIP partner, a provider and an allowed domain come first', () => {
    const sip = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' })
    assert.equal(decided(snapshotOf(...base, jabber, sip), outbound()).peerClass, 'direct')
    assert.equal(decided(snapshotOf(...base, open, allowed('fabrikam.example')), outbound()).peerClass, 'allowed')
  })

  it('an open network takes what has no SIP record; a lookup that failed is no such thing', () => {
    const objects = [internal('contoso.example'), settings({ discovery: true }), open]
    const snapshot = snapshotOf(...objects)
    assert.equal(decided(snapshot, outbound()).peerClass, 'discovered')
    assert.equal(decided(snapshot, outbound({ srv: srvOf({}) })).destination?.to, 'network')
    assert.equal(code(snapshot, outbound({ srv: () => ({ status: 'failed', detail: 'timeout' }) })), 'GH-POLICY-SRV-FAILED')
    assert.equal(decided(snapshotOf(...base, open), outbound({ srv: srvOf({}) })).destination?.to, 'network')
  })

  it('what SIP carries for a network is filtered by kind and by method', () => {
    const strict = settings({ methods: { deny: ['INVITE'] } })
    const snapshot = snapshotOf(internal('contoso.example'), strict, jabber)
    assert.equal(code(snapshot, outbound({ kind: 'session', method: 'INVITE' })), 'GH-POLICY-METHOD')
    assert.equal(code(snapshot, outbound({ kind: 'other', method: 'REFER' })), 'GH-POLICY-KIND')
    assert.equal(code(snapshot, outbound({ kind: 'other', method: 'ACK' })), 'GH-POLICY-ALLOWED')
  })

  it('needs the right to public networks, by the name of the network; a network that is not public needs federation', () => {
    const bob = 'bob@contoso.example'
    const needs = (rights: object, spec = {}): string =>
      code(snapshotOf(...base, network('jabber', { domains: ['fabrikam.example'], ...spec }), rightsOf(bob, rights)), outbound())
    assert.equal(needs({ federation: true, publicIm: false }), 'GH-POLICY-USER-PUBLIC')
    assert.equal(needs({ federation: false, publicIm: true }), 'GH-POLICY-ALLOWED')
    assert.equal(needs({ publicIm: true, publicNetworks: ['other'] }), 'GH-POLICY-USER-PUBLIC')
    assert.equal(needs({ publicIm: true, publicNetworks: ['jabber'] }), 'GH-POLICY-ALLOWED')
    assert.equal(needs({ federation: false, publicIm: true }, { public: false }), 'GH-POLICY-USER-FEDERATION')
    const hidden = snapshotOf(...base, jabber, rightsOf(bob, { publicIm: false }))
    assert.equal(decided(hidden, bridged()).sipStatus, 404)
  })
})

describe('a domain that a network lists', () => {
  it('is spoken for by no SIP peer, whatever its certificate', () => {
    const snapshot = snapshotOf(internal('contoso.example'), settings({ discovery: true }), jabber)
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-SOURCE-NETWORK')
  })
})

describe('home systems', () => {
  const xmppHome = object('InternalDomain', 'chat', { domain: 'chat.example', subdomains: true, homeSystem: 'xmpp' })
  const snapshot = snapshotOf(...base, xmppHome, jabber)
  const fromHome = outbound({ fromDomain: 'chat.example', bridge: { protocol: 'xmpp', evidence: 'V3' } })

  it('what is for an internal domain goes to the system behind it', () => {
    for (const toDomain of ['chat.example', 'a.chat.example']) {
      assert.deepEqual(decided(snapshot, outbound({ toDomain })).destination, { to: 'inside', domain: toDomain, port: 'xmpp' })
    }
    assert.deepEqual(decided(snapshot, bridged()).destination, { to: 'inside', domain: 'contoso.example' })
  })

  it('each speaks for its own domains only', () => {
    assert.equal(code(snapshot, fromHome), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, { ...fromHome, fromDomain: 'a.chat.example' }), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, { ...fromHome, fromDomain: 'contoso.example' }), 'GH-POLICY-SOURCE-HOME')
    assert.equal(code(snapshot, outbound({ fromDomain: 'chat.example' })), 'GH-POLICY-SOURCE-HOME')
  })

  it('a bridge that lost its own certificate is no inside server', () => {
    assert.equal(code(snapshot, { ...fromHome, peer: bridged().peer }), 'GH-POLICY-PEER-UNAUTHENTICATED')
  })
})
