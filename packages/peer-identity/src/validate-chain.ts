import { createHash } from 'node:crypto'
import type { BoundedCache } from './bounded-cache.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import type { Refusal } from './errors.ts'
import { PathBuilder } from './path-builder.ts'
import { chainOf, checkPath } from './path-rules.ts'
import type { CrlSet, RevocationMode } from './revocation.ts'
import { secondOpinion } from './second-opinion.ts'
import type { AnchorIndex } from './trust-store.ts'

/** What a chain is held against. */
export interface ValidationContext {
  readonly anchors: AnchorIndex
  readonly crls: CrlSet
  readonly revocation: RevocationMode
  /** Certificates from the leaf to, without, the anchor; and presented at all. */
  readonly maxChain: number
  /** Intermediates of good paths, taken apart, by the SHA-256 of their DER: partners share few, and taking apart is the costly part. */
  readonly authorities: BoundedCache<Certificate>
}

/** Outcome of one validation. */
export interface ValidationResult {
  /** Undefined when it could not be read. */
  readonly leaf: Certificate | undefined
  readonly refusal: Refusal | undefined
  /** Trust stores of all good paths, sorted. */
  readonly anchors: readonly string[]
  /** While the outcome cannot change by time alone; milliseconds since 1970. */
  readonly validFromMs: number
  readonly validUntilMs: number
}

interface Window {
  fromMs: number
  untilMs: number
}

/** RFC 5280 §6.3 for every certificate below the anchor. */
function checkRevocation(chain: readonly Certificate[], context: ValidationContext, nowMs: number, window: Window): Refusal | undefined {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1]
    if (issuer === undefined) return undefined
    const answer = context.crls.answer(certificate, issuer, nowMs)
    if (answer.is === 'revoked') return { code: 'GH-IDENTITY-REVOKED', detail: answer.detail }
    if (context.revocation === 'whenPresent') continue
    if (answer.is === 'unknown') return { code: 'GH-IDENTITY-REVOCATION-UNKNOWN', detail: answer.detail }
    window.untilMs = Math.min(window.untilMs, answer.untilMs)
  }
  return undefined
}

function failed(leaf: Certificate | undefined, refusal: Refusal): ValidationResult {
  return { leaf, refusal, anchors: [], validFromMs: -Infinity, validUntilMs: Infinity }
}

function parseChain(
  chainDer: readonly Uint8Array[],
  authorities: BoundedCache<Certificate>,
): { certificates: Certificate[]; refusal: Refusal | undefined } {
  const certificates: Certificate[] = []
  for (const [index, der] of chainDer.entries()) {
    const known = index === 0 ? undefined : authorities.get(createHash('sha256').update(der).digest('hex'))
    const result = known === undefined ? parseCertificate(der) : { certificate: known }
    if ('refusal' in result) {
      const where = index === 0 ? 'The peer’s certificate' : `Certificate ${index + 1} of the chain`
      return { certificates, refusal: { code: result.refusal.code, detail: `${where}: ${result.refusal.detail}` } }
    }
    certificates.push(result.certificate)
  }
  return { certificates, refusal: undefined }
}

/** Path building and validation, once, without a cache. Never throws; work is bounded by the limits of the parts. */
export async function validateChain(chainDer: readonly Uint8Array[], context: ValidationContext, nowMs: number): Promise<ValidationResult> {
  if (chainDer.length === 0) return failed(undefined, { code: 'GH-IDENTITY-NO-CERTIFICATE', detail: '' })
  // One more than a path may have: peers that send their root too.
  if (chainDer.length > context.maxChain + 1) {
    return failed(undefined, { code: 'GH-IDENTITY-CHAIN-TOO-LONG', detail: `${chainDer.length} certificates were presented.` })
  }
  const { certificates, refusal: unreadable } = parseChain(chainDer, context.authorities)
  const leaf = certificates[0]
  if (unreadable !== undefined || leaf === undefined) {
    return failed(leaf, unreadable ?? { code: 'GH-IDENTITY-NO-CERTIFICATE', detail: '' })
  }
  const built = new PathBuilder(certificates.slice(1), context.anchors, context.maxChain).build(leaf)
  if (built.refusal !== undefined) return failed(leaf, built.refusal)
  let first: Refusal | undefined
  const anchors = new Set<string>()
  let window: Window | undefined
  for (const path of built.paths) {
    const chain = chainOf(path)
    const own: Window = {
      fromMs: Math.max(...chain.map((each) => each.notBeforeMs)),
      untilMs: Math.min(...chain.map((each) => each.notAfterMs)),
    }
    const refusal = checkPath(path, nowMs) ?? checkRevocation(chain, context, nowMs, own) ?? (await secondOpinion(path, nowMs))
    if (refusal !== undefined) {
      first ??= refusal
      continue
    }
    for (const name of path.anchor.stores) anchors.add(name)
    for (const authority of path.certificates.slice(1)) context.authorities.set(authority.fingerprint, authority)
    // The narrowest of all good paths: afterwards fewer stores may anchor, so the outcome is made anew.
    window = { fromMs: Math.max(window?.fromMs ?? -Infinity, own.fromMs), untilMs: Math.min(window?.untilMs ?? Infinity, own.untilMs) }
  }
  if (window === undefined) return failed(leaf, first ?? { code: 'GH-IDENTITY-UNTRUSTED', detail: '' })
  return { leaf, refusal: undefined, anchors: [...anchors].sort(), validFromMs: window.fromMs, validUntilMs: window.untilMs }
}
