import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerIdentity } from '@gatehouse/im-model'
import { Authority, type AuthorityOptions, type CertificateOptions, selfSigned } from '@gatehouse/lab'
import type { IdentityCode } from './errors.ts'
import { PeerValidator, type ValidatorOptions } from './peer-validator.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000
const nowMs = (): number => NOW_MS
const at = (days: number): Date => new Date(NOW_MS + days * DAY_MS)

const root = Authority.create({ name: 'Lab Root', nowMs })
const issuing = root.intermediate({ name: 'Lab Issuing' })
const stranger = Authority.create({ name: 'Stranger Root', nowMs })

function validator(options: Partial<ValidatorOptions> = {}): PeerValidator {
  return new PeerValidator({ stores: [{ name: 'lab', roots: [root.der] }], crls: [], revocation: 'whenPresent', nowMs, ...options })
}

async function refused(chain: readonly Uint8Array[], code: IdentityCode, options: Partial<ValidatorOptions> = {}): Promise<PeerIdentity> {
  const identity = await validator(options).validate(chain)
  assert.deepEqual({ code: identity.refusal?.code, isAuthenticated: identity.isAuthenticated }, { code, isAuthenticated: false })
  assert.deepEqual([identity.names.dns, identity.names.sipDomains, identity.anchors], [[], [], []])
  return identity
}

async function accepted(chain: readonly Uint8Array[], options: Partial<ValidatorOptions> = {}): Promise<PeerIdentity> {
  const identity = await validator(options).validate(chain)
  assert.equal(identity.refusal, undefined)
  assert.equal(identity.isAuthenticated, true)
  return identity
}

/** Leaf below an intermediate made with these options. */
function under(authority: Partial<AuthorityOptions>, leaf: CertificateOptions = { dns: ['sip.contoso.example'] }): readonly Uint8Array[] {
  return root.intermediate({ name: 'Odd Issuing', ...authority }).issue(leaf).chainDer
}

test('a good chain gives the names, the stores and the pins', async () => {
  const leaf = issuing.issue({
    dns: ['SIP.Contoso.example.', '*.contoso.example'],
    uri: ['SIP:Contoso.Example', 'sip:ann@contoso.example'],
  })
  const identity = await accepted(leaf.chainDer)
  assert.deepEqual(identity.names, {
    dns: ['sip.contoso.example', '*.contoso.example'],
    sipDomains: ['contoso.example'],
    commonName: undefined,
  })
  assert.deepEqual(identity.anchors, ['lab'])
  assert.equal(identity.fingerprint, leaf.fingerprint)
  assert.equal(identity.spkiPin.length, 44)
  assert.equal(identity.mayBeTlsClient, true)
  assert.match(identity.issuer, /CN=Lab Issuing/)
  assert.equal(BigInt(`0x${identity.serial}`), leaf.serial)
  assert.equal(identity.notAfterMs, NOW_MS + 30 * DAY_MS)
})

describe('keys and signatures of every ordinary kind are accepted', () => {
  for (const options of [
    { key: 'rsa-2048' },
    { key: 'rsa-2048', scheme: 'pss' },
    { key: 'p384', digest: 'sha384' },
    { key: 'ed25519' },
  ] as const) {
    test(JSON.stringify(options), async () => {
      const ca = Authority.create({ name: 'Other Kind', nowMs, ...options })
      const leaf = ca.intermediate({ name: 'Below', ...options }).issue({ dns: ['sip.contoso.example'], ...options })
      await accepted(leaf.chainDer, { stores: [{ name: 'kinds', roots: [ca.der] }] })
    })
  }
})

describe('attacks of the issue', () => {
  test('no certificate', async () => {
    await refused([], 'GH-IDENTITY-NO-CERTIFICATE')
  })

  test('untrusted authority, alone, with intermediate, with its root', async () => {
    const below = stranger.intermediate({ name: 'Stranger Issuing' })
    await refused(stranger.issue({ dns: ['sip.contoso.example'] }).chainDer, 'GH-IDENTITY-UNTRUSTED')
    const leaf = below.issue({ dns: ['sip.contoso.example'] })
    await refused(leaf.chainDer, 'GH-IDENTITY-UNTRUSTED')
    await refused([...leaf.chainDer, stranger.der], 'GH-IDENTITY-UNTRUSTED')
  })

  test('untrusted root with the subject name of a trusted one', async () => {
    const twin = Authority.create({ name: 'Lab Root', nowMs })
    const identity = await refused([...twin.issue({ dns: ['sip.contoso.example'] }).chainDer, twin.der], 'GH-IDENTITY-UNTRUSTED')
    assert.match(identity.refusal?.detail ?? '', /Lab Root/)
    await refused(twin.intermediate({ name: 'Lab Issuing' }).issue({}).chainDer, 'GH-IDENTITY-UNTRUSTED')
  })

  test('self-signed leaf, also under the name of the root', async () => {
    await refused([selfSigned({ dns: ['sip.contoso.example'] }, nowMs).der], 'GH-IDENTITY-UNTRUSTED')
    const posing = { commonName: 'Lab Root', organisation: 'Lab Root', dns: ['sip.contoso.example'] }
    await refused([selfSigned(posing, nowMs).der], 'GH-IDENTITY-UNTRUSTED')
  })

  test('expired: leaf, intermediate, root', async () => {
    await refused(issuing.issue({ notBefore: at(-9), notAfter: at(-1) }).chainDer, 'GH-IDENTITY-EXPIRED')
    await refused(under({ notBefore: at(-9), notAfter: at(-1) }), 'GH-IDENTITY-EXPIRED')
    const old = Authority.create({ name: 'Old', nowMs, notBefore: at(-9), notAfter: at(-1) })
    await refused(old.issue().chainDer, 'GH-IDENTITY-EXPIRED', { stores: [{ name: 'old', roots: [old.der] }] })
  })

  test('not yet valid: leaf, intermediate', async () => {
    await refused(issuing.issue({ notBefore: at(1), notAfter: at(9) }).chainDer, 'GH-IDENTITY-NOT-YET-VALID')
    await refused(under({ notBefore: at(1), notAfter: at(9) }), 'GH-IDENTITY-NOT-YET-VALID')
  })

  test('both ends of the validity belong to it (RFC 5280 §4.1.2.5)', async () => {
    await accepted(issuing.issue({ notBefore: at(0), notAfter: at(0) }).chainDer)
  })

  test('intermediate missing', async () => {
    await refused([issuing.issue().der], 'GH-IDENTITY-INTERMEDIATE-MISSING')
    const deep = issuing.intermediate({ name: 'Deep' }).issue().chainDer
    await refused([deep[0] as Uint8Array, deep[1] as Uint8Array], 'GH-IDENTITY-INTERMEDIATE-MISSING')
  })

  test('intermediate missing under an unknown root: the certificate itself says where its issuer is (RFC 5280 §4.2.2.1)', async () => {
    // SEQUENCE { SEQUENCE { OID id-ad-caIssuers, [6] "http://a.example/" } }
    const value = Buffer.from('301f301d06082b060105050730028611687474703a2f2f612e6578616d706c652f', 'hex')
    const leaf = stranger.issue({ extensions: [{ oid: '1.3.6.1.5.5.7.1.1', isCritical: false, value }] })
    await refused([leaf.der], 'GH-IDENTITY-INTERMEDIATE-MISSING')
  })

  test('intermediate that is no authority: CA:FALSE, no basic constraints', async () => {
    await refused(under({ isCa: false }), 'GH-IDENTITY-NOT-A-CA')
    await refused(under({ hasBasicConstraints: false }), 'GH-IDENTITY-NOT-A-CA')
  })

  test('a leaf that issues another leaf', async () => {
    const leaf = root.intermediate({ name: 'sip.contoso.example', isCa: false, keyUsage: ['digitalSignature'], eku: ['serverAuth'] })
    await refused(leaf.issue({ dns: ['sip.fabrikam.example'] }).chainDer, 'GH-IDENTITY-NOT-A-CA')
  })

  test('path length exceeded, also that of the root; self-issued ones do not count (RFC 5280 §6.1.4 l)', async () => {
    const zero = root.intermediate({ name: 'Zero', pathLength: 0 })
    await accepted(zero.issue().chainDer)
    await refused(zero.intermediate({ name: 'Below Zero' }).issue().chainDer, 'GH-IDENTITY-PATH-LENGTH')
    await accepted(zero.intermediate({ name: 'Zero' }).issue().chainDer)
    const short = Authority.create({ name: 'Short', nowMs, pathLength: 0 })
    const stores = [{ name: 'short', roots: [short.der] }]
    await refused(short.intermediate({ name: 'Below' }).issue().chainDer, 'GH-IDENTITY-PATH-LENGTH', { stores })
    await accepted(short.issue().chainDer, { stores })
  })

  test('keyCertSign missing; without key usage it is allowed (RFC 5280 §6.1.4 n)', async () => {
    await refused(under({ keyUsage: ['digitalSignature', 'cRLSign'] }), 'GH-IDENTITY-KEY-USAGE')
    await accepted(under({ keyUsage: [] }))
  })

  test('leaf key usage without digitalSignature', async () => {
    await refused(issuing.issue({ keyUsage: ['keyEncipherment'] }).chainDer, 'GH-IDENTITY-KEY-USAGE')
  })

  test('extended key usage: serverAuth alone is enough, others are not', async () => {
    const clientOf = async (eku: CertificateOptions['eku']): Promise<boolean> =>
      (await accepted(issuing.issue({ ...(eku === undefined ? {} : { eku }) }).chainDer)).mayBeTlsClient
    assert.equal(await clientOf(['serverAuth']), false)
    assert.equal(await clientOf(['clientAuth']), true)
    assert.equal(await clientOf(['serverAuth', 'clientAuth']), true)
    assert.equal(await clientOf(['any']), true)
    assert.equal(await clientOf(['sipDomain']), false)
    assert.equal(await clientOf([]), true)
    await refused(issuing.issue({ eku: ['codeSigning'] }).chainDer, 'GH-IDENTITY-EKU')
    await refused(issuing.issue({ eku: ['emailProtection'] }).chainDer, 'GH-IDENTITY-EKU')
    await refused(under({ eku: ['emailProtection'] }), 'GH-IDENTITY-EKU')
    await accepted(under({ eku: ['serverAuth'] }))
  })

  test('unknown critical extension in leaf and intermediate; not critical it is passed over (RFC 5280 §4.2)', async () => {
    const value = Uint8Array.of(0x05, 0x00)
    const unknown = { oid: '1.3.6.1.4.1.99999.1', isCritical: true, value }
    await refused(issuing.issue({ extensions: [unknown] }).chainDer, 'GH-IDENTITY-CRITICAL-EXTENSION')
    await refused(under({ extensions: [unknown] }), 'GH-IDENTITY-CRITICAL-EXTENSION')
    await accepted(issuing.issue({ extensions: [{ ...unknown, isCritical: false }] }).chainDer)
  })

  test('malformed name constraints are not read as none', async () => {
    const broken = { oid: '2.5.29.30', isCritical: true, value: Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x05) }
    await refused(under({ extensions: [broken] }), 'GH-IDENTITY-MALFORMED')
    const empty = { oid: '2.5.29.30', isCritical: true, value: Uint8Array.of(0x30, 0x00) }
    await refused(under({ extensions: [empty] }), 'GH-IDENTITY-MALFORMED')
  })

  test('an extension that stands there twice (RFC 5280 §4.2)', async () => {
    const second = { oid: '2.5.29.19', isCritical: true, value: Uint8Array.of(0x30, 0x03, 0x01, 0x01, 0xff) }
    await refused(under({ isCa: false, extensions: [second] }), 'GH-IDENTITY-MALFORMED')
  })

  test('common name only', async () => {
    const identity = await accepted(issuing.issue({ commonName: 'SIP.contoso.example' }).chainDer)
    assert.deepEqual(identity.names, { dns: [], sipDomains: [], commonName: 'sip.contoso.example' })
    const both = await accepted(issuing.issue({ commonName: 'sip.contoso.example', dns: ['other.example'] }).chainDer)
    assert.equal(both.names.commonName, undefined)
  })

  test('NUL in a SAN: the name is ignored and does not bring the common name back', async () => {
    const leaf = issuing.issue({ commonName: 'sip.contoso.example', dns: ['contoso.example\0.evil.example', 'a b.example', 'ok.example'] })
    assert.deepEqual((await accepted(leaf.chainDer)).names, { dns: ['ok.example'], sipDomains: [], commonName: undefined })
    const only = issuing.issue({
      commonName: 'contoso.example',
      dns: ['contoso.example\0.evil.example'],
      uri: ['sip:contoso.example\0.evil'],
    })
    assert.deepEqual((await accepted(only.chainDer)).names, { dns: [], sipDomains: [], commonName: undefined })
    const inCommonName = issuing.issue({ commonName: 'contoso.example\0.evil.example' })
    assert.equal((await accepted(inCommonName.chainDer)).names.commonName, undefined)
  })

  test('weak: SHA-1, MD5, RSA 1024, in leaf and intermediate', async () => {
    const rsa = Authority.create({ name: 'RSA Root', nowMs, key: 'rsa-2048' })
    const stores = [{ name: 'rsa', roots: [rsa.der] }]
    await refused(rsa.issue({ digest: 'sha1' }).chainDer, 'GH-IDENTITY-WEAK', { stores })
    // OpenSSL may refuse to verify MD5 at all; either way it does not pass.
    const md5 = await validator({ stores }).validate(rsa.issue({ digest: 'md5' }).chainDer)
    assert.equal(md5.isAuthenticated, false)
    await refused(rsa.issue({ key: 'rsa-1024' }).chainDer, 'GH-IDENTITY-WEAK', { stores })
    const weak = rsa.intermediate({ name: 'Weak', key: 'rsa-1024' })
    await refused(weak.issue().chainDer, 'GH-IDENTITY-WEAK', { stores })
    await refused(root.issue({ digest: 'sha1' }).chainDer, 'GH-IDENTITY-WEAK')
    const selfSha1 = Authority.create({ name: 'SHA-1 Root', nowMs, digest: 'sha1' })
    await accepted(selfSha1.issue().chainDer, { stores: [{ name: 'old', roots: [selfSha1.der] }] })
  })

  test('too many certificates, too long a path, too large a certificate', async () => {
    const leaf = issuing.issue()
    const noise = Array.from({ length: 12 }, () => selfSigned({}, nowMs).der)
    await refused([...leaf.chainDer, ...noise], 'GH-IDENTITY-CHAIN-TOO-LONG')
    let below = issuing
    for (let depth = 0; depth < 3; depth++) below = below.intermediate({ name: `Depth ${depth}` })
    await accepted(below.issue().chainDer)
    await refused(below.issue().chainDer, 'GH-IDENTITY-CHAIN-TOO-LONG', { maxChain: 4 })
    const dns = Array.from({ length: 3000 }, (_, i) => `host-${i}.a-rather-long-domain-name.contoso.example`)
    await refused(issuing.issue({ dns }).chainDer, 'GH-IDENTITY-TOO-LARGE')
  })

  test('altered bytes: signature, name, outer algorithm', async () => {
    const leaf = issuing.issue({ dns: ['sip.contoso.example'] })
    const swap = (find: string, put: string): Buffer => {
      const bytes = Buffer.from(leaf.der)
      Buffer.from(put).copy(bytes, bytes.indexOf(find))
      return bytes
    }
    await refused([swap('contoso', 'fabrika'), ...leaf.chainDer.slice(1)], 'GH-IDENTITY-UNTRUSTED')
    const outer = Buffer.from(leaf.der)
    // The last 1.2.840.10045.4.3.2 becomes 1.2.840.10045.4.3.3.
    outer[outer.lastIndexOf(Buffer.from('06082a8648ce3d040302', 'hex')) + 9] = 3
    await refused([outer, ...leaf.chainDer.slice(1)], 'GH-IDENTITY-MALFORMED')
    await refused([Buffer.concat([leaf.der, Buffer.of(0)]), ...leaf.chainDer.slice(1)], 'GH-IDENTITY-MALFORMED')
  })
})

test('certificate policies are the library’s: an explicit policy that the leaf lacks refuses', async () => {
  // PolicyConstraints { requireExplicitPolicy [0] 0 }
  const explicitPolicy = { oid: '2.5.29.36', isCritical: true, value: Uint8Array.of(0x30, 0x03, 0x80, 0x01, 0x00) }
  await refused(under({ extensions: [explicitPolicy] }), 'GH-IDENTITY-PATH-REFUSED')
})

test('every store that anchors is named, also through a cross-certificate', async () => {
  const fresh = Authority.create({ name: 'Fresh Root', nowMs })
  const cross = root.crossSign(fresh)
  const leaf = fresh.issue({ dns: ['sip.contoso.example'] })
  const stores = [
    { name: 'old', roots: [root.der] },
    { name: 'new', roots: [fresh.der] },
    { name: 'both', roots: [root.der, fresh.der] },
    { name: 'other', roots: [stranger.der] },
  ]
  assert.deepEqual((await accepted([leaf.der, cross.der], { stores })).anchors, ['both', 'new', 'old'])
  assert.deepEqual((await accepted([leaf.der], { stores })).anchors, ['both', 'new'])
})

test('a bad way beside a good one does not refuse', async () => {
  const fresh = Authority.create({ name: 'Fresh Root', nowMs })
  const expired = root.crossSign(fresh, { notBefore: at(-9), notAfter: at(-1) })
  const leaf = fresh.issue()
  const stores = [
    { name: 'old', roots: [root.der] },
    { name: 'new', roots: [fresh.der] },
  ]
  assert.deepEqual((await accepted([leaf.der, expired.der], { stores })).anchors, ['new'])
})

test('densely cross-signed intermediates stay cheap', async () => {
  const ring = Array.from({ length: 5 }, (_, i) => Authority.create({ name: `Ring ${i}`, nowMs }))
  const crosses = ring.flatMap((a) => ring.filter((b) => b !== a).map((b) => a.crossSign(b).der)).slice(0, 10)
  const leaf = (ring[0] as Authority).issue()
  await refused([leaf.der, ...crosses], 'GH-IDENTITY-UNTRUSTED')
})
