import { createHash, X509Certificate } from 'node:crypto'

import type { PeerIdentity } from '@gatehouse/im-model'

import type { ChainValidator } from '../connection.ts'

/** A validator for tests of sockets: the topmost presented certificate has to be signed by one of the roots, nothing more is looked at. */
export class SignatureValidator implements ChainValidator {
  readonly seen: (readonly Uint8Array[])[] = []
  readonly revokedFingerprints = new Set<string>()
  readonly #roots: readonly { store: string; root: X509Certificate }[]

  constructor(roots: Readonly<Record<string, string>>) {
    this.#roots = Object.entries(roots).map(([store, pem]) => ({ store, root: new X509Certificate(pem) }))
  }

  async validate(chainDer: readonly Uint8Array[]): Promise<PeerIdentity> {
    this.seen.push(chainDer)
    const chain = chainDer.map((der) => new X509Certificate(der))
    const [leaf] = chain
    if (leaf === undefined) return identityOf(undefined, [], 'no certificate')
    const fingerprint = createHash('sha256').update(leaf.raw).digest('hex')
    if (this.revokedFingerprints.has(fingerprint)) return identityOf(leaf, [], 'revoked')
    const anchors = this.#roots.filter(({ root }) => chain.some((link) => link.verify(root.publicKey))).map(({ store }) => store)
    return identityOf(leaf, anchors, anchors.length === 0 ? 'unknown issuer' : undefined)
  }
}

function identityOf(leaf: X509Certificate | undefined, anchors: readonly string[], refusal: string | undefined): PeerIdentity {
  const names = (leaf?.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('DNS:'))
  const key = leaf?.publicKey.export({ type: 'spki', format: 'der' })
  return {
    isAuthenticated: refusal === undefined,
    refusal: refusal === undefined ? undefined : { code: 'GH-TEST-REFUSED', detail: refusal },
    names: { dns: names.map((name) => name.slice(4)), sipDomains: [], commonName: undefined },
    anchors,
    mayBeTlsClient: true,
    fingerprint: leaf === undefined ? '' : createHash('sha256').update(leaf.raw).digest('hex'),
    spkiPin: key === undefined ? '' : createHash('sha256').update(key).digest('base64'),
    issuer: leaf?.issuer ?? '',
    serial: leaf?.serialNumber ?? '',
    notAfterMs: leaf === undefined ? 0 : leaf.validToDate.getTime(),
  }
}
