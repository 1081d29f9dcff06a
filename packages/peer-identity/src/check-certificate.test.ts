import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, type CertificateOptions, makeKeyPair, selfSigned } from '@gatehouse/lab'
import { type CheckOptions, checkCertificate } from './check-certificate.ts'
import { describeCertificate } from './describe-certificate.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000
const nowMs = (): number => NOW_MS
const root = Authority.create({ name: 'Lab Root', nowMs })
const issuing = root.intermediate({ name: 'Lab Issuing' })
const stores = [{ name: 'lab', roots: [root.der] }]
const good: CertificateOptions = {
  commonName: 'sip.contoso.example',
  dns: ['sip.contoso.example', 'contoso.example'],
  notAfter: new Date(NOW_MS + 90 * DAY_MS),
}

async function found(file: string, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const { findings, isUsable } = await checkCertificate(file, { nowMs: NOW_MS, stores, ...options })
  assert.equal(
    isUsable,
    findings.every(({ severity }) => severity !== 'error'),
  )
  for (const { sentence, fix } of findings) assert.ok(sentence.length > 10 && fix.length > 10)
  return findings.map(({ code, severity }) => `${severity} ${code}`)
}

async function foundIn(leaf: CertificateOptions, options: Partial<CheckOptions> = {}): Promise<string[]> {
  return (await found(issuing.issue({ ...good, ...leaf }).chainPem, options)).filter((text) => !text.endsWith('CHAIN-INCOMPLETE'))
}

test('a good chain with its key: a note that the root is not in the file, nothing else', async () => {
  const leaf = issuing.issue(good)
  const report = await checkCertificate(leaf.chainPem, { nowMs: NOW_MS, stores, keyPem: leaf.keyPem, domains: ['contoso.example'] })
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['GH-CERT-CHAIN-INCOMPLETE'],
  )
  assert.equal(report.isUsable, true)
  const same = await checkCertificate(leaf.chainDer, { nowMs: NOW_MS, stores, keyPem: leaf.keyPem, domains: ['contoso.example'] })
  assert.deepEqual(same, report)
  assert.equal(report.daysLeft, 90)
  assert.deepEqual(report.anchors, ['lab'])
  assert.deepEqual(report.certificates[0]?.sipDomains, [
    { domain: 'sip.contoso.example', by: 'rfc5922-dns' },
    { domain: 'contoso.example', by: 'rfc5922-dns' },
  ])
  assert.equal(report.certificates[0]?.key, 'prime256v1')
})

test('usages and what they lead to', async () => {
  assert.deepEqual(await foundIn({ eku: ['serverAuth'] }), ['warning GH-CERT-NO-CLIENT-AUTH'])
  assert.deepEqual(await foundIn({ eku: ['clientAuth'] }), ['error GH-CERT-NO-SERVER-AUTH'])
  assert.deepEqual(await foundIn({ eku: ['sipDomain'] }), ['error GH-CERT-SIP-DOMAIN-EKU-ONLY'])
  assert.deepEqual(await foundIn({ eku: ['codeSigning'] }), ['error GH-IDENTITY-EKU'])
  assert.deepEqual(await foundIn({ keyUsage: ['keyEncipherment'] }), ['error GH-IDENTITY-KEY-USAGE'])
})

test('names', async () => {
  assert.deepEqual(await foundIn({ dns: ['sip.contoso.example'] }, { domains: ['contoso.example'] }), ['warning GH-CERT-NO-SIP-DOMAIN'])
  assert.deepEqual(await foundIn({}, { domains: ['fabrikam.example'] }), ['error GH-CERT-NO-SIP-DOMAIN'])
  assert.deepEqual(await foundIn({ dns: [] }), ['warning GH-CERT-COMMON-NAME-ONLY'])
  assert.deepEqual(await foundIn({ commonName: 'other.example' }), ['note GH-CERT-CN-NOT-IN-SAN'])
  assert.deepEqual(await foundIn({ dns: ['sip.contoso.example', '*.contoso.example'] }), ['warning GH-CERT-WILDCARD'])
  assert.deepEqual(await foundIn({ dns: ['sip.contoso.example', 'a\0.example'] }), ['warning GH-CERT-NAME-IGNORED'])
})

test('time and strength', async () => {
  assert.deepEqual(await foundIn({ notAfter: new Date(NOW_MS + 5 * DAY_MS) }), ['warning GH-CERT-EXPIRES-SOON'])
  assert.deepEqual(await foundIn({ notAfter: new Date(NOW_MS - 1) }), ['error GH-IDENTITY-EXPIRED'])
  assert.deepEqual(await foundIn({ notBefore: new Date(NOW_MS + DAY_MS) }), ['error GH-IDENTITY-NOT-YET-VALID'])
  assert.deepEqual(await foundIn({ digest: 'sha1' }), ['error GH-IDENTITY-WEAK'])
})

test('the order of the file', async () => {
  const deep = issuing.intermediate({ name: 'Deep' })
  const leaf = deep.issue(good)
  const [a, b, c] = [leaf.certPem, deep.certPem, issuing.certPem] as const
  const incomplete = 'note GH-CERT-CHAIN-INCOMPLETE'
  assert.deepEqual(await found(a + c + b), ['warning GH-CERT-CHAIN-ORDER', incomplete])
  assert.ok((await found(b + a + c)).includes('error GH-CERT-CHAIN-ORDER'))
  assert.deepEqual(await found(a + b + c + root.certPem), ['note GH-CERT-CHAIN-ROOT'])
  assert.deepEqual(await found(a + b + c + selfSigned({}, nowMs).certPem), ['warning GH-CERT-CHAIN-EXTRA', incomplete])
  assert.deepEqual(await found(a), ['error GH-IDENTITY-INTERMEDIATE-MISSING', incomplete])
})

test('the key', async () => {
  const leaf = issuing.issue(good)
  const other = makeKeyPair('p256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  assert.ok((await found(leaf.chainPem, { keyPem: other })).includes('error GH-CERT-KEY-MISMATCH'))
  assert.ok((await found(leaf.chainPem, { keyPem: 'nothing' })).includes('error GH-CERT-KEY-UNREADABLE'))
})

test('files that hold no certificate, or a broken one', async () => {
  assert.deepEqual(await found(''), ['error GH-CERT-NONE'])
  assert.deepEqual(await found('-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n'), ['error GH-CERT-NONE'])
  assert.deepEqual(await found('-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n'), ['error GH-IDENTITY-MALFORMED'])
})

test('a description, or the reason why there is none', () => {
  const described = describeCertificate(selfSigned({ uri: ['sip:contoso.example'] }, nowMs).der)
  assert.deepEqual('sipDomains' in described ? described.sipDomains : [], [{ domain: 'contoso.example', by: 'rfc5922-uri' }])
  assert.deepEqual(describeCertificate(Buffer.from('nothing')), { code: 'GH-IDENTITY-MALFORMED', detail: 'Not DER.' })
})
