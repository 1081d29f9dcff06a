import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Authority, type CertificateOptions, type NameConstraints } from '@gatehouse/lab'
import { PeerValidator } from './peer-validator.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const nowMs = (): number => NOW_MS
const root = Authority.create({ name: 'Lab Root', nowMs })

async function codeOf(constraints: NameConstraints, leaf: CertificateOptions, extra?: NameConstraints): Promise<string> {
  let authority = root.intermediate({ name: 'Confined', nameConstraints: constraints })
  if (extra !== undefined) authority = authority.intermediate({ name: 'Confined twice', nameConstraints: extra })
  const stores = [{ name: 'lab', roots: [root.der] }]
  const validator = new PeerValidator({ stores, crls: [], revocation: 'whenPresent', nowMs })
  return (await validator.validate(authority.issue(leaf).chainDer)).refusal?.code ?? 'ok'
}

const refusal = 'GH-IDENTITY-NAME-CONSTRAINT'
const dnsOnly: NameConstraints = { permitted: { dns: ['contoso.example'] } }

// RFC 5280 §4.2.1.10 unless said otherwise.
const rows: readonly [string, NameConstraints, CertificateOptions, string][] = [
  ['DNS permitted: itself', dnsOnly, { dns: ['contoso.example'] }, 'ok'],
  ['DNS permitted: below', dnsOnly, { dns: ['sip.CONTOSO.example'] }, 'ok'],
  ['DNS permitted: not on a label boundary', dnsOnly, { dns: ['evilcontoso.example'] }, refusal],
  ['DNS permitted: one of two outside', dnsOnly, { dns: ['sip.contoso.example', 'sip.fabrikam.example'] }, refusal],
  ['DNS permitted: wildcard below', dnsOnly, { dns: ['*.contoso.example'] }, 'ok'],
  ['DNS permitted with a leading dot', { permitted: { dns: ['.contoso.example'] } }, { dns: ['sip.contoso.example'] }, 'ok'],
  ['DNS excluded', { excluded: { dns: ['contoso.example'] } }, { dns: ['sip.contoso.example'] }, refusal],
  ['DNS excluded: a wildcard that would cover it', { excluded: { dns: ['a.contoso.example'] } }, { dns: ['*.contoso.example'] }, refusal],
  ['DNS excluded: elsewhere', { excluded: { dns: ['fabrikam.example'] } }, { dns: ['sip.contoso.example'] }, 'ok'],
  ['DNS against a common name that serves as host name', dnsOnly, { commonName: 'sip.fabrikam.example' }, refusal],
  ['DNS against a common name that does not', dnsOnly, { commonName: 'Fabrikam Gateway', dns: ['sip.contoso.example'] }, 'ok'],
  ['DNS against a sip: URI (stricter than the RFC)', dnsOnly, { uri: ['sip:fabrikam.example'] }, refusal],
  ['DNS against a sip: URI that fits', dnsOnly, { uri: ['sip:contoso.example'] }, 'ok'],
  ['DNS excluded against a sip: URI', { excluded: { dns: ['contoso.example'] } }, { uri: ['sip:contoso.example'] }, refusal],
  ['URI permitted: host itself', { permitted: { uri: ['contoso.example'] } }, { uri: ['sip:contoso.example'] }, 'ok'],
  ['URI permitted: host below is not the host', { permitted: { uri: ['contoso.example'] } }, { uri: ['sip:a.contoso.example'] }, refusal],
  ['URI permitted: other host', { permitted: { uri: ['contoso.example'] } }, { uri: ['sip:fabrikam.example'] }, refusal],
  ['URI permitted below', { permitted: { uri: ['.contoso.example'] } }, { uri: ['sip:a.contoso.example'] }, 'ok'],
  ['URI permitted below: not itself', { permitted: { uri: ['.contoso.example'] } }, { uri: ['sip:contoso.example'] }, refusal],
  ['URI permitted: with user and port', { permitted: { uri: ['contoso.example'] } }, { uri: ['sip:ann@contoso.example:5061;x=y'] }, 'ok'],
  [
    'URI permitted: user of another host',
    { permitted: { uri: ['contoso.example'] } },
    { uri: ['sip:contoso.example@evil.example'] },
    refusal,
  ],
  ['URI permitted: https host', { permitted: { uri: ['contoso.example'] } }, { uri: ['https://contoso.example/a'] }, 'ok'],
  [
    'URI permitted: https with the host in its user part',
    { permitted: { uri: ['contoso.example'] } },
    { uri: ['https://contoso.example@evil.example/'] },
    refusal,
  ],
  ['URI without a host', { permitted: { uri: ['contoso.example'] } }, { uri: ['urn:contoso.example'] }, refusal],
  ['URI excluded: sip', { excluded: { uri: ['contoso.example'] } }, { uri: ['sip:contoso.example'] }, refusal],
  ['URI excluded: without a host', { excluded: { uri: ['contoso.example'] } }, { uri: ['urn:x'] }, refusal],
  ['URI permitted says nothing of DNS', { permitted: { uri: ['contoso.example'] } }, { dns: ['fabrikam.example'] }, 'ok'],
  ['IPv4 permitted', { permitted: { ip: ['10.0.0.0/8'] } }, { ip: ['10.1.2.3'] }, 'ok'],
  ['IPv4 outside', { permitted: { ip: ['10.0.0.0/8'] } }, { ip: ['11.1.2.3'] }, refusal],
  ['IPv6 against IPv4', { permitted: { ip: ['10.0.0.0/8'] } }, { ip: ['::1'] }, refusal],
  ['IPv6 excluded', { excluded: { ip: ['2001:db8::/32'] } }, { ip: ['2001:db8::5'] }, refusal],
  ['e-mail host', { permitted: { email: ['contoso.example'] } }, { email: ['ann@contoso.example'] }, 'ok'],
  ['e-mail of another host', { permitted: { email: ['contoso.example'] } }, { email: ['ann@a.contoso.example'] }, refusal],
  ['e-mail below', { permitted: { email: ['.contoso.example'] } }, { email: ['ann@a.contoso.example'] }, 'ok'],
  ['e-mail box excluded', { excluded: { email: ['ann@contoso.example'] } }, { email: ['ann@CONTOSO.example'] }, refusal],
  ['not critical all the same', { ...dnsOnly, isCritical: false }, { dns: ['fabrikam.example'] }, refusal],
]

describe('name constraints', () => {
  for (const [name, constraints, leaf, expected] of rows) {
    test(name, async () => assert.equal(await codeOf(constraints, leaf), expected))
  }
})

test('constraints of two authorities both hold', async () => {
  const inner: NameConstraints = { permitted: { dns: ['fabrikam.example', 'a.contoso.example'] } }
  assert.equal(await codeOf(dnsOnly, { dns: ['sip.a.contoso.example'] }, inner), 'ok')
  assert.equal(await codeOf(dnsOnly, { dns: ['fabrikam.example'] }, inner), refusal)
  assert.equal(await codeOf(dnsOnly, { dns: ['b.contoso.example'] }, inner), refusal)
})

test('a constraint in the root holds (RFC 5937 §3.2)', async () => {
  const confined = Authority.create({ name: 'Confined Root', nowMs, nameConstraints: dnsOnly })
  const stores = [{ name: 'confined', roots: [confined.der] }]
  const validator = new PeerValidator({ stores, crls: [], revocation: 'whenPresent', nowMs })
  const outside = await validator.validate(confined.issue({ dns: ['fabrikam.example'] }).chainDer)
  assert.equal(outside.refusal?.code, refusal)
  assert.equal((await validator.validate(confined.issue({ dns: ['a.contoso.example'] }).chainDer)).isAuthenticated, true)
})

test('directory names: the subject has to begin with the permitted one', async () => {
  const name = (organisation: string): Uint8Array => {
    // permittedSubtrees [0] { SEQUENCE { [4] { Name { SET { SEQUENCE { OID 2.5.4.10, UTF8String } } } } } }
    const text = Buffer.from(organisation)
    const wrap = (tag: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.of(tag, value.length), value])
    const attribute = wrap(0x30, Buffer.concat([Buffer.from('060355040a', 'hex'), wrap(0x0c, text)]))
    return wrap(0x30, wrap(0xa0, wrap(0x30, wrap(0xa4, wrap(0x30, wrap(0x31, attribute))))))
  }
  const authority = root.intermediate({
    name: 'Confined',
    extensions: [{ oid: '2.5.29.30', isCritical: true, value: name('Contoso  Ltd') }],
  })
  const stores = [{ name: 'lab', roots: [root.der] }]
  const validator = new PeerValidator({ stores, crls: [], revocation: 'whenPresent', nowMs })
  const outcome = async (leaf: CertificateOptions): Promise<string | undefined> =>
    (await validator.validate(authority.issue(leaf).chainDer)).refusal?.code
  // RFC 5280 §7.1: case and inner blanks do not matter.
  assert.equal(await outcome({ organisation: 'CONTOSO ltd', commonName: 'x' }), undefined)
  assert.equal(await outcome({ organisation: 'Fabrikam', commonName: 'x' }), refusal)
  assert.equal(await outcome({ dns: ['a.example'] }), undefined)
})
