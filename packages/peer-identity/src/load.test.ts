import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { crlsFrom, readDerBlocks, trustStoreFrom } from './load.ts'

const root = Authority.create({ name: 'Lab Root' })
const other = Authority.create({ name: 'Other Root' })

test('a store from a PEM bundle with comments, CRLF and a key in between, and from DER', () => {
  const bundle = `# Lab\r\n${root.certPem}${root.certificate.keyPem}subject=x\n${other.certPem}`.replaceAll('\n', '\r\n')
  const files = [
    { name: 'bundle.pem', bytes: Buffer.from(bundle) },
    { name: 'other.der', bytes: other.der },
  ]
  const { store, problems } = trustStoreFrom('partners', files)
  assert.equal(store.name, 'partners')
  assert.deepEqual(
    store.roots.map((der) => Buffer.from(der).toString('hex')),
    [root.der, other.der, other.der].map((der) => Buffer.from(der).toString('hex')),
  )
  assert.deepEqual(problems, [])
})

test('lists from PEM and DER', () => {
  const der = root.crlDer()
  const { crls, problems } = crlsFrom([
    { name: 'a.crl', bytes: Buffer.from(root.crlPem()) },
    { name: 'b.crl', bytes: der },
  ])
  assert.deepEqual([crls.length, problems.length], [2, 0])
})

test('a file without what it should hold is named', () => {
  const { problems } = readDerBlocks({ name: 'empty.pem', bytes: Buffer.from('') }, 'certificate')
  assert.deepEqual(problems, [{ code: 'GH-IDENTITY-STORE', detail: 'empty.pem: there is no certificate in it.' }])
  const list = crlsFrom([{ name: 'root.pem', bytes: Buffer.from(root.certPem) }])
  assert.deepEqual(list.problems[0]?.detail, 'root.pem: there is no revocation list in it.')
  const broken = '-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----'
  assert.match(readDerBlocks({ name: 'x', bytes: Buffer.from(broken) }, 'certificate').problems[0]?.detail ?? '', /not base64/)
})
