import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { Authority, selfSigned } from './authority.ts'

test('a leaf chains to its root through the intermediate and carries its names', () => {
  const root = Authority.create({ name: 'Lab Root' })
  const intermediate = root.intermediate({ name: 'Lab Issuing', pathLength: 0 })
  const leaf = intermediate.issue({ dns: ['sip.contoso.example'], uri: ['sip:contoso.example'], ip: ['127.0.0.1', '::1'] })
  const [rootX, intermediateX, leafX] = [root.der, intermediate.der, leaf.der].map((der) => new X509Certificate(der))
  assert.ok(leafX?.checkIssued(intermediateX as X509Certificate))
  assert.ok(leafX?.verify((intermediateX as X509Certificate).publicKey))
  assert.ok(intermediateX?.checkIssued(rootX as X509Certificate))
  assert.ok(intermediateX?.verify((rootX as X509Certificate).publicKey))
  assert.equal(leafX?.subjectAltName, 'DNS:sip.contoso.example, URI:sip:contoso.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  assert.ok(leafX?.checkPrivateKey(createPrivateKey(leaf.keyPem)))
  assert.deepEqual(leafX?.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.equal(intermediateX?.ca, true)
  assert.equal(leafX?.ca, false)
})

test('the presented chain leaves the root out', () => {
  const root = Authority.create({ name: 'Lab Root' })
  const issuing = root.intermediate({ name: 'Middle' }).intermediate({ name: 'Issuing' })
  assert.equal(issuing.issue().chainDer.length, 3)
  assert.equal(issuing.issue().chainPem.split('BEGIN CERTIFICATE').length - 1, 3)
  assert.equal(root.issue().chainDer.length, 1)
})

test('RSA, PSS, P-384 and Ed25519 signatures verify', () => {
  for (const options of [
    { key: 'rsa-2048' },
    { key: 'rsa-2048', scheme: 'pss' },
    { key: 'p384', digest: 'sha384' },
    { key: 'ed25519' },
  ] as const) {
    const certificate = new X509Certificate(selfSigned({ ...options, dns: ['a.example'] }).der)
    assert.ok(certificate.verify(certificate.publicKey), JSON.stringify(options))
  }
})

test('a cross-certificate has the other authority’s name and key', () => {
  const old = Authority.create({ name: 'Old Root' })
  const fresh = Authority.create({ name: 'New Root' })
  const cross = new X509Certificate(old.crossSign(fresh).der)
  const leaf = new X509Certificate(fresh.issue({ dns: ['a.example'] }).der)
  assert.ok(leaf.checkIssued(cross))
  assert.ok(leaf.verify(cross.publicKey))
})
