import { type Certificate, parseCertificate } from './certificate.ts'
import {
  type CertificateFinding,
  finding,
  keyFindings,
  nameFindings,
  orderFindings,
  soundnessFindings,
  usageFindings,
} from './certificate-findings.ts'
import { type CertificateDescription, describeParsed } from './describe-certificate.ts'
import type { IdentityCode } from './errors.ts'
import { type DerBlocks, readDerBlocks } from './load.ts'
import { PeerValidator } from './peer-validator.ts'
import type { RevocationMode } from './revocation.ts'
import type { TrustStore } from './trust-store.ts'

const DAY_MS = 86_400_000
const WARN_DAYS = 30
/** Files longer than this are bundles of roots, not chains. */
const MAX_CERTIFICATES = 20

export interface CheckOptions {
  readonly nowMs: number
  /** The private key that goes with it, PEM. */
  readonly keyPem?: string | Uint8Array
  /** Trust stores to hold the chain against, as a peer would. */
  readonly stores?: readonly TrustStore[]
  /** DER. */
  readonly crls?: readonly Uint8Array[]
  readonly revocation?: RevocationMode
  /** SIP domains that it is meant to speak for. */
  readonly domains?: readonly string[]
  /** Days before expiry from which to warn; default 30. */
  readonly warnDays?: number
}

/** What `gatehouse cert check` prints. */
export interface CertificateReport {
  /** False when a finding is an error. */
  readonly isUsable: boolean
  /** In the order of the file. */
  readonly certificates: readonly CertificateDescription[]
  /** Whole days until the first of them expires; negative when one has. */
  readonly daysLeft: number | undefined
  /** Trust stores that anchor it; undefined when none were given. */
  readonly anchors: readonly string[] | undefined
  /** Errors first. */
  readonly findings: readonly CertificateFinding[]
}

const rank = { error: 0, warning: 1, note: 2 } as const

function report(
  certificates: readonly Certificate[],
  findings: CertificateFinding[],
  nowMs: number,
  anchors?: readonly string[],
): CertificateReport {
  const firstEndMs = Math.min(...certificates.map((each) => each.notAfterMs))
  return {
    isUsable: !findings.some(({ severity }) => severity === 'error'),
    certificates: certificates.map(describeParsed),
    daysLeft: certificates.length === 0 ? undefined : Math.floor((firstEndMs - nowMs) / DAY_MS),
    anchors,
    findings: findings.sort((a, b) => rank[a.severity] - rank[b.severity]),
  }
}

/** A PEM file with the chain, leaf first; a file with one DER certificate; or the DER certificates of a chain, leaf first. */
export type CheckedChain = string | Uint8Array | readonly Uint8Array[]

function blocksOf(chain: CheckedChain): DerBlocks {
  if (typeof chain !== 'string' && !(chain instanceof Uint8Array)) return { blocks: chain, problems: [] }
  const bytes = typeof chain === 'string' ? Buffer.from(chain, 'latin1') : chain
  return readDerBlocks({ name: 'the file', bytes }, 'certificate')
}

/**
 * Looks over a certificate chain before it goes into service or after a partner sent it.
 * Never throws; whatever is wrong with the file is a finding.
 */
export async function checkCertificate(chain: CheckedChain, options: CheckOptions): Promise<CertificateReport> {
  const { nowMs } = options
  const { blocks, problems } = blocksOf(chain)
  const findings: CertificateFinding[] = []
  const certificates: Certificate[] = []
  if (blocks.length === 0) findings.push(finding('GH-CERT-NONE', 'error', ''))
  else for (const problem of problems) findings.push(finding(problem.code, 'error', problem.detail))
  if (blocks.length > MAX_CERTIFICATES) findings.push(finding('GH-IDENTITY-CHAIN-TOO-LONG', 'error', `${blocks.length} certificates.`))
  for (const [index, block] of blocks.slice(0, MAX_CERTIFICATES).entries()) {
    const result = parseCertificate(block)
    if ('certificate' in result) certificates.push(result.certificate)
    else findings.push(finding(result.refusal.code, 'error', `Certificate ${index + 1}: ${result.refusal.detail}`))
  }
  const leaf = certificates[0]
  if (leaf === undefined) return report(certificates, findings, nowMs)
  findings.push(...soundnessFindings(certificates, nowMs, options.warnDays ?? WARN_DAYS), ...orderFindings(certificates))
  findings.push(...usageFindings(leaf), ...nameFindings(leaf, options.domains ?? []))
  if (options.keyPem !== undefined) findings.push(...keyFindings(leaf, options.keyPem))
  if (options.stores === undefined) return report(certificates, findings, nowMs)
  const { stores, crls = [], revocation = 'whenPresent' } = options
  const validator = new PeerValidator({ stores, crls, revocation, nowMs: () => nowMs })
  for (const problem of validator.problems) findings.push(finding(problem.code, 'warning', problem.detail))
  const identity = await validator.validate(certificates.map((each) => each.der))
  const { refusal } = identity
  if (refusal !== undefined && !findings.some(({ code, severity }) => code === refusal.code && severity === 'error')) {
    findings.push(finding(refusal.code as IdentityCode, 'error', refusal.detail))
  }
  return report(certificates, findings, nowMs, identity.anchors)
}
