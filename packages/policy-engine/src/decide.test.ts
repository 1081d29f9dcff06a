import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision } from '@gatehouse/im-model'
import { decide, explain } from './decide.ts'
import type { DecisionInput } from './input.ts'
import type { Snapshot } from './snapshot.ts'
import { DecisionState } from './state/decision-state.ts'
import {
  allowed,
  blocked,
  clearinghouse,
  decided,
  inbound,
  internal,
  NOW_MS,
  object,
  outbound,
  partner,
  peer,
  provider,
  settings,
  snapshotOf,
  srvOf,
  user,
} from './testing/samples.ts'

const base = [internal('contoso.example'), settings()]
const direct = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' })

function code(snapshot: Snapshot, input: DecisionInput): string {
  return decided(snapshot, input).code
}

describe('closed by default', () => {
  it('an empty snapshot denies with its own code', () => {
    const decision = decided(snapshotOf(), inbound())
    assert.equal(decision.code, 'GH-POLICY-EMPTY')
    assert.equal(decision.sipStatus, 503)
    assert.equal(decision.rule, 'policy-present')
    assert.equal(decision.destination, undefined)
  })
  it('an internal domain alone lets nothing in or out', () => {
    const snapshot = snapshotOf(internal('contoso.example'))
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-SOURCE-UNKNOWN')
    assert.equal(code(snapshot, outbound()), 'GH-POLICY-DESTINATION-UNKNOWN')
  })
  it('a partner without the federation switch stays outside', () => {
    const snapshot = snapshotOf(internal('contoso.example'), direct)
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-FEDERATION-OFF')
    assert.equal(code(snapshot, outbound()), 'GH-POLICY-FEDERATION-OFF')
  })
  it('asks no DNS for a stranger while federation is off', () => {
    const snapshot = snapshotOf(internal('contoso.example'), settings({ enabled: false, discovery: true }))
    const srv = (): never => assert.fail('DNS was asked')
    assert.equal(code(snapshot, inbound({ srv })), 'GH-POLICY-FEDERATION-OFF')
    assert.equal(code(snapshot, outbound({ srv })), 'GH-POLICY-FEDERATION-OFF')
  })
})

describe('block list', () => {
  const rows: readonly [string, Parameters<typeof blocked>[0], DecisionInput, boolean][] = [
    ['the domain', { domain: 'fabrikam.example' }, inbound(), true],
    ['a parent', { domain: 'example' }, inbound(), true],
    ['a name that merely ends alike', { domain: 'brikam.example' }, inbound(), false],
    ['a subdomain of the sender', { domain: 'eu.fabrikam.example' }, inbound(), false],
    ['the destination', { domain: 'fabrikam.example' }, outbound(), true],
    ['the address', { address: 'Alice@Fabrikam.example' }, inbound(), true],
    ['the address, escaped', { address: 'alice@fabrikam.example' }, inbound({ fromUser: '%61lice' }), true],
    ['another address', { address: 'eve@fabrikam.example' }, inbound(), false],
    ['an asserted domain', { domain: 'fabrikam.example' }, inbound({ assertedDomains: ['fabrikam.example'] }), true],
    ['an expired entry', { domain: 'fabrikam.example', expires: new Date(NOW_MS).toISOString() }, inbound(), false],
    ['an entry about to expire', { domain: 'fabrikam.example', expires: new Date(NOW_MS + 1).toISOString() }, inbound(), true],
  ]
  for (const [name, entry, input, isBlocked] of rows) {
    it(`${name}: ${isBlocked ? 'blocked' : 'passes'}`, () => {
      const decision = decided(snapshotOf(...base, direct, allowed('fabrikam.example'), blocked(entry)), input)
      assert.equal(decision.code, isBlocked ? 'GH-POLICY-BLOCKED' : 'GH-POLICY-ALLOWED')
    })
  }
})

describe('source binding', () => {
  it('refuses an unauthenticated peer, whatever policy says', () => {
    const refusal = { code: 'GH-IDENTITY-EXPIRED', detail: 'x' }
    const decision = decided(
      snapshotOf(...base, direct),
      inbound({ peer: peer(['sip.fabrikam.example'], { isAuthenticated: false, refusal }) }),
    )
    assert.equal(decision.code, 'GH-POLICY-PEER-UNAUTHENTICATED')
    assert.match(decision.reason, /GH-IDENTITY-EXPIRED/)
  })
  it('refuses an internal domain from outside, in From and in P-Asserted-Identity', () => {
    const snapshot = snapshotOf(...base, direct)
    assert.equal(code(snapshot, inbound({ fromDomain: 'contoso.example' })), 'GH-POLICY-SOURCE-INTERNAL')
    assert.equal(code(snapshot, inbound({ assertedDomains: ['contoso.example'] })), 'GH-POLICY-ASSERTED-DOMAIN')
    const wide = snapshotOf(internal('contoso.example', true), settings(), direct)
    assert.equal(code(wide, inbound({ fromDomain: 'eu.contoso.example' })), 'GH-POLICY-SOURCE-INTERNAL')
  })
  it('refuses names that no table could hold', () => {
    const snapshot = snapshotOf(...base, direct, blocked({ domain: 'evil.example' }))
    for (const fromDomain of [
      '',
      'EVIL.example',
      'evil.example.',
      '.evil.example',
      'evil..example',
      'a'.repeat(300),
      '[::1]',
      '*.example',
    ]) {
      assert.equal(code(snapshot, inbound({ fromDomain })), 'GH-POLICY-SOURCE-MALFORMED', fromDomain)
    }
  })
  it('direct: the configured edge name or the domain itself has to be in the certificate', () => {
    const snapshot = snapshotOf(...base, direct)
    assert.equal(decided(snapshot, inbound()).nameMatch, 'configured-edge-name')
    assert.equal(decided(snapshot, inbound({ peer: peer(['fabrikam.example']) })).nameMatch, 'rfc5922-dns')
    const uri = { names: { dns: [], sipDomains: ['fabrikam.example'], commonName: undefined } }
    assert.equal(decided(snapshot, inbound({ peer: peer([], uri) })).nameMatch, 'rfc5922-uri')
    const wrong = decided(snapshot, inbound({ peer: peer(['sip.evil.example']) }))
    assert.equal(wrong.code, 'GH-POLICY-SOURCE-CERTIFICATE')
    assert.equal(wrong.proof.at(-1)?.source, 'Partner/fabrikam')
    assert.equal(code(snapshot, inbound({ peer: peer(['*.fabrikam.example']) })), 'GH-POLICY-SOURCE-CERTIFICATE')
  })
  it('a common name counts only without any other name', () => {
    const snapshot = snapshotOf(...base, direct)
    const withCn = (dns: readonly string[]): DecisionInput =>
      inbound({ peer: peer(dns, { names: { dns, sipDomains: [], commonName: 'sip.fabrikam.example' } }) })
    assert.equal(code(snapshot, withCn([])), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, withCn(['other.example'])), 'GH-POLICY-SOURCE-CERTIFICATE')
  })
  it('a partner is held to its trust store, pins and purpose', () => {
    const strict = (more: object): Snapshot =>
      snapshotOf(...base, partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', ...more }))
    assert.equal(code(strict({ trust: ['private'] }), inbound()), 'GH-POLICY-SOURCE-TRUST')
    assert.equal(code(strict({ trust: ['private', 'public'] }), inbound()), 'GH-POLICY-ALLOWED')
    assert.equal(code(strict({ pins: ['other'] }), inbound()), 'GH-POLICY-SOURCE-PIN')
    assert.equal(code(strict({ pins: ['other', 'pin'] }), inbound()), 'GH-POLICY-ALLOWED')
    const server = inbound({ peer: peer(['sip.fabrikam.example'], { mayBeTlsClient: false }) })
    assert.equal(code(strict({}), server), 'GH-POLICY-ALLOWED')
    assert.equal(code(strict({ requireClientAuth: true }), server), 'GH-POLICY-SOURCE-CLIENT-AUTH')
    assert.equal(code(strict({ enabled: false }), inbound()), 'GH-POLICY-PARTNER-DISABLED')
  })
  it('a configured partner is not replaced by discovery', () => {
    const snapshot = snapshotOf(
      internal('contoso.example'),
      settings({ discovery: true }),
      partner('fabrikam', { domains: ['fabrikam.example'], edge: 'edge.hoster.example' }),
    )
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-SOURCE-CERTIFICATE')
  })
  it('allowed and discovered: the same-domain rule of lcs-edge §6.1', () => {
    const rows: readonly [readonly string[], readonly string[], string][] = [
      [['sip.fabrikam.example'], ['sip.fabrikam.example'], 'GH-POLICY-ALLOWED'],
      [['a.fabrikam.example', 'b.fabrikam.example'], ['b.fabrikam.example'], 'GH-POLICY-ALLOWED'],
      [['expe.sub.fabrikam.example'], ['expe.sub.fabrikam.example'], 'GH-POLICY-SRV-MISMATCH'],
      [['sip.evil.example'], ['sip.evil.example'], 'GH-POLICY-SRV-MISMATCH'],
      [['sip.fabrikam.example'], ['sip.evil.example'], 'GH-POLICY-SRV-MISMATCH'],
      [['sip.evilfabrikam.example'], ['sip.evilfabrikam.example'], 'GH-POLICY-SRV-MISMATCH'],
      [[], ['fabrikam.example'], 'GH-POLICY-ALLOWED'],
    ]
    for (const [targets, names, expected] of rows) {
      const input = inbound({ peer: peer(names), srv: srvOf({ 'fabrikam.example': targets }) })
      assert.equal(code(snapshotOf(...base, allowed('fabrikam.example')), input), expected, targets.join())
      assert.equal(code(snapshotOf(internal('contoso.example'), settings({ discovery: true })), input), expected, targets.join())
    }
  })
  it('asks for SRV evidence it does not have, and a DNS failure is not a pass', () => {
    const snapshot = snapshotOf(...base, allowed('fabrikam.example'))
    const asked = decide(snapshot, inbound({ srv: () => undefined }), new DecisionState())
    assert.deepEqual(asked, { need: 'srv', domain: 'fabrikam.example' })
    const failed = decided(snapshot, inbound({ srv: () => ({ status: 'failed', detail: 'SERVFAIL' }) }))
    assert.equal(failed.code, 'GH-POLICY-SRV-FAILED')
    assert.equal(failed.sipStatus, 504)
    assert.equal(code(snapshot, inbound({ srv: () => ({ status: 'none', detail: 'NXDOMAIN' }) })), 'GH-POLICY-SRV-NONE')
  })
  it('the longest allow entry counts, without subdomains unless asked, and not after it expired', () => {
    const sub = inbound({ fromDomain: 'eu.fabrikam.example', peer: peer(['eu.fabrikam.example']) })
    assert.equal(code(snapshotOf(...base, allowed('fabrikam.example')), sub), 'GH-POLICY-SOURCE-UNKNOWN')
    const wide = allowed('fabrikam.example', { subdomains: true, verification: 'alwaysVerifiable' })
    assert.equal(decided(snapshotOf(...base, wide), sub).evidence, 'V2')
    const narrow = allowed('eu.fabrikam.example', { verification: 'useSourceVerification' })
    assert.equal(decided(snapshotOf(...base, wide, narrow), sub).evidence, 'V3')
    const expired = allowed('fabrikam.example', { expires: new Date(NOW_MS).toISOString() })
    assert.equal(code(snapshotOf(...base, expired), inbound()), 'GH-POLICY-SOURCE-UNKNOWN')
  })
  it('inside speaks for internal domains only', () => {
    const snapshot = snapshotOf(...base, direct)
    assert.equal(code(snapshot, outbound()), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, outbound({ fromDomain: 'evil.example' })), 'GH-POLICY-SOURCE-NOT-INTERNAL')
    assert.equal(code(snapshot, outbound({ assertedDomains: ['evil.example'] })), 'GH-POLICY-ASSERTED-DOMAIN')
    assert.equal(code(snapshot, outbound({ bound: { peerClass: 'direct', partner: 'fabrikam' } })), 'GH-POLICY-SOURCE-NOT-INSIDE')
  })
  it('the class of a connection holds; allowed and discovered are one kind', () => {
    const snapshot = snapshotOf(internal('contoso.example'), settings({ discovery: true }), direct, allowed('woodgrove.example'))
    const bound = (peerClass: 'direct' | 'allowed' | 'discovered'): NonNullable<DecisionInput['bound']> => ({ peerClass, partner: 'x' })
    assert.equal(code(snapshot, inbound({ bound: bound('discovered') })), 'GH-POLICY-SOURCE-CLASS')
    assert.equal(code(snapshot, inbound({ bound: bound('direct') })), 'GH-POLICY-ALLOWED')
    const other = inbound({ fromDomain: 'woodgrove.example', peer: peer(['woodgrove.example']) })
    assert.equal(code(snapshot, { ...other, bound: bound('discovered') }), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, { ...other, bound: bound('direct') }), 'GH-POLICY-SOURCE-CLASS')
  })
  it('asserted domains have to belong to the same peer', () => {
    const two = partner('fabrikam', { domains: ['fabrikam.example', 'fabrikam.example.net'], edge: 'sip.fabrikam.example' })
    const snapshot = snapshotOf(...base, two, partner('evil', { domains: ['evil.example'], edge: 'sip.evil.example' }))
    assert.equal(code(snapshot, inbound({ assertedDomains: ['fabrikam.example', 'fabrikam.example.net'] })), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, inbound({ assertedDomains: ['evil.example'] })), 'GH-POLICY-ASSERTED-DOMAIN')
    assert.equal(code(snapshot, inbound({ assertedDomains: ['unknown.example'] })), 'GH-POLICY-ASSERTED-DOMAIN')
    assert.equal(code(snapshot, inbound({ assertedDomains: ['not a domain'] })), 'GH-POLICY-ASSERTED-DOMAIN')
  })
})

describe('providers', () => {
  const input = inbound({ fromDomain: 'mail.example', peer: peer(['federation.provider.example']) })
  it('a provider is off until enabled, in both directions', () => {
    const off = provider('p', { edge: 'federation.provider.example', domains: ['mail.example'], enabled: false })
    assert.equal(code(snapshotOf(...base, off), input), 'GH-POLICY-PROVIDER-DISABLED')
    assert.equal(code(snapshotOf(...base, off), outbound({ toDomain: 'mail.example' })), 'GH-POLICY-PROVIDER-DISABLED')
  })
  it('its listed domains come from its edge only', () => {
    const on = provider('p', { edge: 'federation.provider.example:5070', domains: ['mail.example'] })
    const decision = decided(snapshotOf(...base, on), input)
    assert.equal(decision.peerClass, 'provider')
    assert.equal(decision.partner, 'p')
    assert.equal(code(snapshotOf(...base, on), { ...input, peer: peer(['mail.example']) }), 'GH-POLICY-SOURCE-CERTIFICATE')
    const out = decided(snapshotOf(...base, on), outbound({ toDomain: 'mail.example' }))
    assert.deepEqual(out.destination?.to === 'peer' && [out.destination.edgeHost, out.destination.edgePort], [
      'federation.provider.example',
      5070,
    ])
  })
  it('with checkSrv the record of the domain has to lead to it', () => {
    const srv = srvOf({ 'mail.example': ['federation.provider.example'], 'other.example': ['sip.other.example'] })
    const snapshot = snapshotOf(...base, provider('p', { edge: 'federation.provider.example', checkSrv: true }))
    assert.equal(code(snapshot, { ...input, srv }), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, { ...input, srv, fromDomain: 'other.example' }), 'GH-POLICY-PROVIDER-DOMAIN')
    assert.equal(decided(snapshot, outbound({ toDomain: 'mail.example', srv })).peerClass, 'provider')
    assert.equal(code(snapshot, outbound({ toDomain: 'other.example', srv })), 'GH-POLICY-DESTINATION-UNKNOWN')
  })
  it('a hosting provider carries only domains that are allowed or may be discovered (1028)', () => {
    const srv = srvOf({ 'mail.example': ['federation.provider.example'] })
    const hoster = provider('h', { edge: 'federation.provider.example', public: false, checkSrv: true })
    assert.equal(decided(snapshotOf(...base, hoster), { ...input, srv }).diagnostics, 1028)
    assert.equal(decided(snapshotOf(...base, hoster), outbound({ toDomain: 'mail.example', srv })).diagnostics, 1028)
    const unchecked = provider('h', { edge: 'federation.provider.example', public: false })
    const spoof = { ...input, fromDomain: 'elsewhere.example', srv: srvOf({ 'elsewhere.example': ['sip.elsewhere.example'] }) }
    assert.equal(code(snapshotOf(...base, unchecked, allowed('elsewhere.example')), spoof), 'GH-POLICY-SRV-MISMATCH')
    const open = provider('h', { edge: 'federation.provider.example' })
    assert.equal(code(snapshotOf(...base, open, allowed('elsewhere.example')), spoof), 'GH-POLICY-SRV-MISMATCH')
    assert.equal(code(snapshotOf(...base, open), spoof), 'GH-POLICY-ALLOWED')
    const listed = snapshotOf(...base, hoster, allowed('mail.example'))
    assert.equal(decided(listed, { ...input, srv }).peerClass, 'provider')
    assert.equal(decided(listed, outbound({ toDomain: 'mail.example', srv })).peerClass, 'provider')
  })
})

describe('clearinghouse', () => {
  const hub = clearinghouse('hub', 'edge.hub.example')
  const using = snapshotOf(internal('contoso.example'), settings({ defaultRoute: 'hub' }), hub, direct)
  it('carries what nothing else covers, both ways', () => {
    const input = inbound({ fromDomain: 'member.example', peer: peer(['edge.hub.example']) })
    assert.equal(decided(using, input).peerClass, 'clearinghouse')
    assert.equal(decided(using, input).partner, 'hub')
    assert.equal(code(using, { ...input, peer: peer(['member.example']) }), 'GH-POLICY-SOURCE-UNKNOWN')
    assert.equal(code(using, { ...input, fromDomain: 'fabrikam.example' }), 'GH-POLICY-SOURCE-CERTIFICATE')
    const out = decided(using, outbound({ toDomain: 'member.example' }))
    assert.equal(out.destination?.to === 'peer' && out.destination.edgeHost, 'edge.hub.example')
  })
  it('its mark is never better than what the origin’s edge asserted', () => {
    const trusting = snapshotOf(
      internal('contoso.example'),
      settings({ defaultRoute: 'hub' }),
      clearinghouse('hub', 'edge.hub.example', 'alwaysVerifiable'),
    )
    const input = inbound({ fromDomain: 'member.example', peer: peer(['edge.hub.example']) })
    assert.equal(decided(trusting, { ...input, assertedMark: undefined }).mark, 'verified')
    assert.equal(decided(trusting, { ...input, assertedMark: 'unverified' }).mark, 'unverified')
  })
  it('being one: transit between members, for nobody else, and no open relay', () => {
    const other = partner('woodgrove', { domains: ['woodgrove.example'], edge: 'sip.woodgrove.example:5099' })
    const being = snapshotOf(settings({ beClearinghouse: true }), direct, other, allowed('allowed.example'))
    const decision = decided(being, inbound({ toDomain: 'woodgrove.example' }))
    assert.equal(decision.direction, 'transit')
    assert.equal(decision.partner, 'fabrikam')
    assert.equal(decision.destination?.to === 'peer' && decision.destination.edgePort, 5099)
    assert.equal(code(being, inbound({ toDomain: 'stranger.example' })), 'GH-POLICY-RELAY')
    assert.equal(code(being, inbound({ toDomain: 'fabrikam.example' })), 'GH-POLICY-RELAY')
    const guest = inbound({ fromDomain: 'allowed.example', peer: peer(['allowed.example']), toDomain: 'woodgrove.example' })
    assert.equal(code(being, guest), 'GH-POLICY-RELAY')
    assert.equal(code(snapshotOf(...base, direct, other), inbound({ toDomain: 'woodgrove.example' })), 'GH-POLICY-RELAY')
  })
})

describe('destination', () => {
  it('outbound follows the table of lcs-edge §7.2', () => {
    const srv = srvOf({ 'open.example': ['sip.open.example'], 'astray.example': ['sip.elsewhere.example'] })
    const snapshot = snapshotOf(internal('contoso.example'), settings({ discovery: true }), direct, allowed('listed.example'))
    const to = (toDomain: string): Decision => decided(snapshot, outbound({ toDomain, srv }))
    assert.equal(to('contoso.example').destination?.to, 'inside')
    assert.equal(to('fabrikam.example').peerClass, 'direct')
    assert.deepEqual([to('listed.example').peerClass, to('listed.example').partner], ['allowed', 'listed.example'])
    assert.equal(to('open.example').peerClass, 'discovered')
    assert.equal(to('astray.example').diagnostics, 1009)
    assert.equal(to('nowhere.example').diagnostics, 1008)
    assert.equal(to('').code, 'GH-POLICY-DESTINATION-UNKNOWN')
  })
})

describe('rights, methods, marks', () => {
  it('a user without the right neither sends nor receives', () => {
    const snapshot = snapshotOf(...base, direct, user('bob@contoso.example', [], false))
    assert.equal(code(snapshot, outbound()), 'GH-POLICY-USER-FEDERATION')
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-RECIPIENT-FEDERATION')
    assert.equal(code(snapshot, inbound({ toUser: 'carol' })), 'GH-POLICY-ALLOWED')
  })
  it('filters methods for the gate and for a partner, but lets an exchange end', () => {
    const noInvite = snapshotOf(internal('contoso.example'), settings({ methods: { deny: ['INVITE'] } }), direct)
    assert.equal(code(noInvite, inbound({ method: 'INVITE' })), 'GH-POLICY-METHOD')
    assert.equal(code(noInvite, inbound()), 'GH-POLICY-ALLOWED')
    const only = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', methods: { allow: ['message'] } })
    const onlyMessage = snapshotOf(...base, only)
    assert.equal(code(onlyMessage, inbound({ method: 'SUBSCRIBE' })), 'GH-POLICY-METHOD')
    assert.equal(code(onlyMessage, inbound({ method: 'BYE', isInDialog: true })), 'GH-POLICY-ALLOWED')
    assert.equal(code(onlyMessage, inbound({ method: 'BYE' })), 'GH-POLICY-METHOD')
  })
  it('makes the mark of architecture §6', () => {
    const rows = [
      ['useSourceVerification', 'verified', 'verified', 'V3'],
      ['useSourceVerification', 'unverified', 'unverified', 'V1'],
      ['useSourceVerification', undefined, 'unverified', 'V0'],
      ['alwaysVerifiable', 'unverified', 'verified', 'V2'],
      ['alwaysVerifiable', undefined, 'verified', 'V2'],
      ['alwaysUnverifiable', 'verified', 'unverified', 'V1'],
      ['alwaysUnverifiable', undefined, 'unverified', 'V0'],
    ] as const
    for (const [verification, assertedMark, mark, evidence] of rows) {
      const snapshot = snapshotOf(
        internal('contoso.example'),
        settings({ unverified: { message: 'deliver', presence: 'allow' } }),
        partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', verification }),
      )
      const decision = decided(snapshot, inbound({ assertedMark }))
      assert.deepEqual([decision.verdict, decision.mark, decision.evidence], ['allow', mark, evidence])
    }
  })
  it('a missing mark can be rejected', () => {
    const snapshot = snapshotOf(internal('contoso.example'), settings({ missingMark: 'reject' }), direct)
    assert.equal(code(snapshot, inbound({ assertedMark: undefined })), 'GH-POLICY-MARK-MISSING')
    assert.equal(code(snapshot, inbound()), 'GH-POLICY-ALLOWED')
  })
})

describe('unverified senders', () => {
  const stranger = inbound({ assertedMark: undefined })
  it('reach only those who have them as contact', () => {
    const snapshot = snapshotOf(...base, direct, user('Bob@contoso.example', ['ALICE@fabrikam.example']))
    assert.equal(code(snapshot, stranger), 'GH-POLICY-ALLOWED')
    assert.equal(code(snapshot, { ...stranger, fromUser: 'eve' }), 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.equal(code(snapshot, { ...stranger, toUser: 'carol' }), 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.equal(code(snapshot, { ...stranger, fromUser: 'eve', kind: 'presence', method: 'SUBSCRIBE' }), 'GH-POLICY-UNVERIFIED-PRESENCE')
  })
  it('messages and presence have their own switches', () => {
    const open = snapshotOf(internal('contoso.example'), settings({ unverified: { message: 'deliver', presence: 'block' } }), direct)
    assert.equal(code(open, stranger), 'GH-POLICY-ALLOWED')
    assert.equal(code(open, { ...stranger, kind: 'presence' }), 'GH-POLICY-UNVERIFIED-PRESENCE')
    const shut = snapshotOf(
      internal('contoso.example'),
      settings({ unverified: { message: 'refuse', presence: 'allow' } }),
      direct,
      user('bob@contoso.example', ['alice@fabrikam.example']),
    )
    assert.equal(code(shut, stranger), 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.equal(code(shut, { ...stranger, kind: 'presence' }), 'GH-POLICY-ALLOWED')
  })
  it('are not asked again inside a dialog', () => {
    const snapshot = snapshotOf(...base, direct)
    assert.equal(code(snapshot, { ...stranger, isInDialog: true }), 'GH-POLICY-ALLOWED')
  })
})

describe('decision', () => {
  it('says what the archive has to do, also when it refuses', () => {
    const archiving = { kind: 'Archiving', name: 'default', spec: { duty: 'bestEffort', body: false } } as const
    for (const input of [inbound(), inbound({ fromDomain: 'unknown.example' })]) {
      const decision = decided(snapshotOf(...base, direct, archiving), input)
      assert.deepEqual([decision.archive, decision.archiveBody], ['bestEffort', false])
      assert.deepEqual([decided(snapshotOf(...base, direct), input).archive], ['required'])
    }
  })
  it('names each rule once, in order, up to the one that decided', () => {
    const refused = decided(snapshotOf(...base, direct, blocked({ domain: 'fabrikam.example' })), inbound())
    assert.deepEqual(
      refused.proof.map((step) => [step.rule, step.code]),
      [
        ['policy-present', 'pass'],
        ['block-list', 'GH-POLICY-BLOCKED'],
      ],
    )
    assert.equal(refused.proof[1]?.source, 'BlockEntry/fabrikam.example')
    assert.equal(decided(snapshotOf(...base, direct), inbound()).proof.length, 12)
  })
  it('explains every rule that spoke', () => {
    const decision = explain(snapshotOf(...base, direct), inbound(), new DecisionState())
    assert.ok(!('need' in decision))
    assert.equal(decision.verdict, 'allow')
    for (const step of decision.proof) assert.ok(step.code === 'not-applicable' || step.detail !== undefined, step.rule)
    assert.equal(decision.proof[2]?.source, 'Partner/fabrikam')
  })
})

describe('waiting when the destination is away', () => {
  const queue = { enabled: true, maxAgeMinutes: 60, uncertain: 'retry' } as const
  const off = { enabled: false, maxAgeMinutes: 60, uncertain: 'fail' } as const
  const rule = { maxAgeMs: 3_600_000, uncertain: 'retry' }
  const domainQueue = (value: typeof queue | typeof off | undefined, domain = 'contoso.example') =>
    object('InternalDomain', domain, { domain, subdomains: true, queue: value })

  it('is off unless something says so', () => {
    assert.equal(decided(snapshotOf(...base, direct), outbound()).queue, undefined)
    assert.equal(decided(snapshotOf(...base, direct), inbound()).queue, undefined)
  })
  it('the destination’s own word beats the default of the gate, both ways', () => {
    const said = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', queue })
    assert.deepEqual(decided(snapshotOf(internal('contoso.example'), settings(), said), outbound()).queue, rule)
    assert.equal(
      decided(snapshotOf(internal('contoso.example'), settings(), said), inbound()).queue,
      undefined,
      'the sender’s partner does not count',
    )
    assert.deepEqual(decided(snapshotOf(internal('contoso.example'), settings({ queue }), direct), outbound()).queue, rule)
    const not = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', queue: off })
    assert.equal(decided(snapshotOf(internal('contoso.example'), settings({ queue }), not), outbound()).queue, undefined)
  })
  it('inside, the nearest internal domain counts', () => {
    assert.deepEqual(decided(snapshotOf(domainQueue(queue), settings(), direct), inbound()).queue, rule)
    assert.equal(decided(snapshotOf(domainQueue(off), settings({ queue }), direct), inbound()).queue, undefined)
    assert.deepEqual(decided(snapshotOf(domainQueue(undefined), settings({ queue }), direct), inbound()).queue, rule)
    const below = { ...inbound(), toDomain: 'eu.contoso.example' }
    assert.deepEqual(decided(snapshotOf(domainQueue(queue), settings(), direct), below).queue, rule)
    assert.equal(
      decided(snapshotOf(domainQueue(queue), domainQueue(undefined, 'eu.contoso.example'), settings(), direct), below).queue,
      undefined,
    )
  })
  it('what is refused does not wait', () => {
    const decision = decided(snapshotOf(...base, settings({ queue }), direct, blocked({ domain: 'fabrikam.example' })), outbound())
    assert.deepEqual([decision.verdict, decision.queue], ['deny', undefined])
  })
})
