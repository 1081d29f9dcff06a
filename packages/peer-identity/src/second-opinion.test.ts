import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Authority, type AuthorityOptions, type CertificateOptions } from '@gatehouse/lab'
import { type Certificate, parseCertificate } from './certificate.ts'
import { type CertificatePath, PathBuilder } from './path-builder.ts'
import { checkPath } from './path-rules.ts'
import { secondOpinion } from './second-opinion.ts'
import { AnchorIndex } from './trust-store.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const nowMs = (): number => NOW_MS
const root = Authority.create({ name: 'Lab Root', nowMs })

function pathOf(chain: readonly Uint8Array[], anchor: Uint8Array = root.der): CertificatePath {
  const [leaf, ...above] = chain.map((der) => {
    const result = parseCertificate(der)
    assert.ok('certificate' in result)
    return result.certificate
  })
  const built = new PathBuilder(above, new AnchorIndex([{ name: 'lab', roots: [anchor] }]), 10).build(leaf as Certificate)
  assert.equal(built.paths.length, 1)
  return built.paths[0] as CertificatePath
}

const past = { notBefore: new Date(NOW_MS - 9e8), notAfter: new Date(NOW_MS - 1e8) }
const critical = { oid: '1.3.6.1.4.1.99999.1', isCritical: true, value: Uint8Array.of(5, 0) }

function under(authority: Partial<AuthorityOptions>, leaf: CertificateOptions = { dns: ['a.example'] }): CertificatePath {
  return pathOf(root.intermediate({ name: 'Odd', ...authority }).issue(leaf).chainDer)
}

describe('both engines refuse', () => {
  const cases: readonly [string, CertificatePath][] = [
    ['expired', under(past)],
    ['CA:FALSE', under({ isCa: false })],
    ['keyCertSign missing', under({ keyUsage: ['cRLSign'] })],
  ]
  for (const [name, path] of cases) {
    test(name, async () => {
      assert.notEqual(checkPath(path, NOW_MS), undefined)
      assert.notEqual(await secondOpinion(path, NOW_MS), undefined)
    })
  }
})

// Each of these is why a rule of ours exists. When a newer pkijs closes one, its row fails and the comment in second-opinion.ts shrinks.
describe('pkijs alone would accept', () => {
  const confinedRoot = Authority.create({ name: 'Confined', nowMs, nameConstraints: { permitted: { dns: ['contoso.example'] } } })
  const cases: readonly [string, CertificatePath, string][] = [
    [
      'path length exceeded (RFC 5280 §6.1.4 l, m)',
      pathOf(root.intermediate({ name: 'Zero', pathLength: 0 }).intermediate({ name: 'Below' }).issue().chainDer),
      'GH-IDENTITY-PATH-LENGTH',
    ],
    ['unknown critical extension in the leaf (§6.1.5 f)', under({}, { extensions: [critical] }), 'GH-IDENTITY-CRITICAL-EXTENSION'],
    ['unknown critical extension in an authority (§6.1.4 o)', under({ extensions: [critical] }), 'GH-IDENTITY-CRITICAL-EXTENSION'],
    ['extended key usage for another purpose (§4.2.1.12)', under({}, { eku: ['codeSigning'] }), 'GH-IDENTITY-EKU'],
    ['leaf key usage (§4.2.1.3)', under({}, { keyUsage: ['keyEncipherment'] }), 'GH-IDENTITY-KEY-USAGE'],
    ['SHA-1', under({ digest: 'sha1' }), 'GH-IDENTITY-WEAK'],
    [
      'sip: URI in an excluded subtree (§4.2.1.10)',
      under({ nameConstraints: { excluded: { uri: ['contoso.example'] } } }, { uri: ['sip:contoso.example'] }),
      'GH-IDENTITY-NAME-CONSTRAINT',
    ],
    [
      'name constraint in the anchor (RFC 5937 §3.2)',
      pathOf(confinedRoot.issue({ dns: ['fabrikam.example'] }).chainDer, confinedRoot.der),
      'GH-IDENTITY-NAME-CONSTRAINT',
    ],
  ]
  for (const [name, path, code] of cases) {
    test(name, async () => {
      assert.equal(await secondOpinion(path, NOW_MS), undefined)
      assert.equal(checkPath(path, NOW_MS)?.code, code)
    })
  }
})
