import { type Certificate, isSelfIssued } from './certificate.ts'
import { eku } from './eku.ts'
import type { Refusal } from './errors.ts'
import { keyUsageBits } from './extensions.ts'
import { NameConstraintState } from './name-constraints.ts'
import type { CertificatePath } from './path-builder.ts'
import { keyWeakness, signatureWeakness } from './strength.ts'

function label(certificate: Certificate): string {
  return certificate.subject.text === '' ? `serial ${certificate.serial}` : certificate.subject.text
}

function refuse(code: Refusal['code'], certificate: Certificate, what: string): Refusal {
  return { code, detail: `${label(certificate)}: ${what}.` }
}

/** RFC 5280 §6.1.3 a, §4.2, and our own floor for keys and digests. The signature of an anchor proves nothing and is not looked at. */
function checkAny(certificate: Certificate, isAnchor: boolean): Refusal | undefined {
  const [unknown] = certificate.extensions.unknownCritical
  if (unknown !== undefined) return refuse('GH-IDENTITY-CRITICAL-EXTENSION', certificate, `critical extension ${unknown}`)
  const weakness = keyWeakness(certificate.publicKey) ?? (isAnchor ? undefined : signatureWeakness(certificate.signatureAlgorithm))
  return weakness === undefined ? undefined : refuse('GH-IDENTITY-WEAK', certificate, weakness)
}

/** RFC 5280 §6.1.4 k–n for whatever stands above the leaf; `below` counts the not self-issued authorities under it. */
function checkAuthority(certificate: Certificate, below: number, isAnchor: boolean): Refusal | undefined {
  const { basicConstraints, keyUsage } = certificate.extensions
  // §6.1.4 k
  if (certificate.version !== 3 || basicConstraints?.isCa !== true) {
    return refuse('GH-IDENTITY-NOT-A-CA', certificate, 'basic constraints do not say CA')
  }
  // §6.1.4 n
  if (keyUsage !== undefined && (keyUsage & keyUsageBits.keyCertSign) === 0) {
    return refuse('GH-IDENTITY-KEY-USAGE', certificate, 'key usage lacks keyCertSign')
  }
  // §6.1.4 l, m; for the anchor too, as OpenSSL does (RFC 5937 §3)
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && below > pathLength) {
    return refuse('GH-IDENTITY-PATH-LENGTH', certificate, `path length ${pathLength}, but ${below} authorities below it`)
  }
  const usages = certificate.extensions.extendedKeyUsage
  // Not RFC 5280, but what everybody does: an authority's EKU confines what it may issue for.
  if (!isAnchor && usages !== undefined && !eku.isForFederation(usages)) {
    return refuse('GH-IDENTITY-EKU', certificate, `extended key usage ${usages.join(' ')}`)
  }
  return undefined
}

function checkLeaf(leaf: Certificate): Refusal | undefined {
  const { extendedKeyUsage, keyUsage } = leaf.extensions
  // RFC 8446 §4.4.2.2: digitalSignature where key usage is present; a TLS client proves its key by a signature in 1.2 too.
  if (keyUsage !== undefined && (keyUsage & keyUsageBits.digitalSignature) === 0) {
    return refuse('GH-IDENTITY-KEY-USAGE', leaf, 'key usage lacks digitalSignature')
  }
  if (extendedKeyUsage !== undefined && !eku.isForFederation(extendedKeyUsage)) {
    return refuse('GH-IDENTITY-EKU', leaf, `extended key usage ${extendedKeyUsage.join(' ')}`)
  }
  return undefined
}

function checkStructure(chain: readonly Certificate[]): Refusal | undefined {
  let below = 0
  for (const [index, certificate] of chain.entries()) {
    const isAnchor = index === chain.length - 1
    let refusal = checkAny(certificate, isAnchor)
    if (index > 0) refusal ??= checkAuthority(certificate, below, isAnchor)
    if (refusal !== undefined) return refusal
    if (index > 0 && !isSelfIssued(certificate)) below += 1
  }
  return checkLeaf(chain[0] as Certificate)
}

/** RFC 5280 §6.1.3 b, c and §6.1.4 g, from the anchor (RFC 5937 §3.2) down to the leaf. */
function checkNames(chain: readonly Certificate[]): Refusal | undefined {
  const state = new NameConstraintState()
  for (let index = chain.length - 1; index >= 0; index--) {
    const certificate = chain[index] as Certificate
    const why = state.violation(certificate, index === 0)
    if (why !== undefined) return refuse('GH-IDENTITY-NAME-CONSTRAINT', certificate, why)
    state.enter(certificate)
  }
  return undefined
}

/** RFC 5280 §6.1.3 a 2: both ends of the validity belong to it. */
function checkTime(chain: readonly Certificate[], nowMs: number): Refusal | undefined {
  for (const certificate of chain) {
    if (nowMs < certificate.notBeforeMs) {
      return refuse('GH-IDENTITY-NOT-YET-VALID', certificate, `valid from ${new Date(certificate.notBeforeMs).toISOString()}`)
    }
    if (nowMs > certificate.notAfterMs) {
      return refuse('GH-IDENTITY-EXPIRED', certificate, `valid until ${new Date(certificate.notAfterMs).toISOString()}`)
    }
  }
  return undefined
}

/** The whole path with its anchor, leaf first. */
export function chainOf(path: CertificatePath): Certificate[] {
  return [...path.certificates, path.anchor.certificate]
}

/** What RFC 5280 §6.1 asks of a path whose names chain and whose signatures are good; undefined when it is in order. */
export function checkPath(path: CertificatePath, nowMs: number): Refusal | undefined {
  const chain = chainOf(path)
  return checkStructure(chain) ?? checkNames(chain) ?? checkTime(chain, nowMs)
}
