import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Authority, type AuthorityOptions, type CertificateOptions, type Issued, selfSigned, toPem } from '@gatehouse/lab'
import { PeerValidator } from './peer-validator.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-identity-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const root = Authority.create({ name: 'Lab Root' })
const issuing = root.intermediate({ name: 'Lab Issuing' })
const stranger = Authority.create({ name: 'Stranger Root' })
const named: CertificateOptions = { dns: ['a.contoso.example'] }
const past = { notBefore: new Date(Date.now() - 9e8), notAfter: new Date(Date.now() - 1e8) }
const future = { notBefore: new Date(Date.now() + 1e8), notAfter: new Date(Date.now() + 9e8) }

function under(authority: Partial<AuthorityOptions>, leaf: CertificateOptions = { dns: ['a.contoso.example'] }): readonly Uint8Array[] {
  return root.intermediate({ name: 'Odd', ...authority }).issue(leaf).chainDer
}

const chainOf = (issued: Issued): readonly Uint8Array[] => issued.chainDer
const unknown = { oid: '1.3.6.1.4.1.99999.1', isCritical: true, value: Uint8Array.of(5, 0) }
const confined = { nameConstraints: { permitted: { dns: ['contoso.example'] } } }

/** Cases on which the two have to agree. */
const cases: readonly [string, readonly Uint8Array[]][] = [
  ['good', chainOf(issuing.issue({ dns: ['a.example'] }))],
  ['directly under the root', chainOf(root.issue(named))],
  ['deep', chainOf(issuing.intermediate({ name: 'Deeper' }).intermediate({ name: 'Deepest' }).issue(named))],
  ['Ed25519', under({ key: 'ed25519' })],
  ['untrusted', chainOf(stranger.intermediate({ name: 'S' }).issue(named))],
  ['self-signed', [selfSigned(named).der]],
  ['expired leaf', chainOf(issuing.issue({ ...named, ...past }))],
  ['expired intermediate', under(past)],
  ['not yet valid', chainOf(issuing.issue({ ...named, ...future }))],
  ['intermediate missing', [issuing.issue(named).der]],
  ['CA:FALSE intermediate', under({ isCa: false })],
  ['no basic constraints', under({ hasBasicConstraints: false })],
  ['path length', chainOf(root.intermediate({ name: 'P', pathLength: 0 }).intermediate({ name: 'Q' }).issue(named))],
  ['path length, self-issued', chainOf(root.intermediate({ name: 'P', pathLength: 0 }).intermediate({ name: 'P' }).issue(named))],
  ['keyCertSign missing', under({ keyUsage: ['digitalSignature'] })],
  ['unknown critical in the leaf', chainOf(issuing.issue({ ...named, extensions: [unknown] }))],
  ['unknown critical in the intermediate', under({ extensions: [unknown] })],
  ['name constraint kept', under(confined)],
  ['name constraint broken', under(confined, { dns: ['a.fabrikam.example'] })],
  ['name constraint on a common name', under(confined, { commonName: 'a.fabrikam.example' })],
  [
    'name constraint in the root’s child, broken below',
    chainOf(
      root
        .intermediate({ name: 'C', ...confined })
        .intermediate({ name: 'D' })
        .issue({ dns: ['x.example'] }),
    ),
  ],
  ['IP constraint broken', under({ nameConstraints: { excluded: { ip: ['10.0.0.0/8'] } } }, { ip: ['10.1.1.1'] })],
]

describe('agrees with openssl verify', { skip: hasOpenssl ? false : 'openssl is not installed' }, () => {
  const rootFile = join(folder, 'root.pem')
  writeFileSync(rootFile, root.certPem)
  const validator = new PeerValidator({
    stores: [{ name: 'lab', roots: [root.der] }],
    crls: [],
    revocation: 'whenPresent',
    nowMs: Date.now,
  })
  for (const [index, [name, chain]] of cases.entries()) {
    test(name, async () => {
      const leafFile = join(folder, `leaf-${index}.pem`)
      const aboveFile = join(folder, `above-${index}.pem`)
      writeFileSync(leafFile, toPem('CERTIFICATE', chain[0] as Uint8Array))
      writeFileSync(
        aboveFile,
        chain
          .slice(1)
          .map((der) => toPem('CERTIFICATE', der))
          .join(''),
      )
      const above = chain.length > 1 ? ['-untrusted', aboveFile] : []
      const run = spawnSync('openssl', ['verify', '-x509_strict', '-no-CApath', '-no-CAstore', '-CAfile', rootFile, ...above, leafFile])
      const identity = await validator.validate(chain)
      assert.equal(
        identity.isAuthenticated,
        run.status === 0,
        `${identity.refusal?.detail ?? 'ok'} / ${run.stdout.toString()}${run.stderr.toString()}`,
      )
    })
  }
})
