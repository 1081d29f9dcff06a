import { CertificateChainValidationEngine, Certificate as PkiCertificate } from 'pkijs'
import type { Certificate } from './certificate.ts'
import type { Refusal } from './errors.ts'
import type { CertificatePath } from './path-builder.ts'

/** pkijs' codes for name constraints; see below. */
const NAME_CONSTRAINT_RESULTS: ReadonlySet<number> = new Set([41, 42])

const parsed = new WeakMap<Certificate, PkiCertificate>()

function toPki(certificate: Certificate): PkiCertificate {
  let converted = parsed.get(certificate)
  if (converted === undefined) {
    converted = PkiCertificate.fromBER(certificate.der)
    parsed.set(certificate, converted)
  }
  return converted
}

/**
 * The path once more through pkijs' RFC 5280 §6.1 engine, which adds certificate policies and a second pair of eyes; both have to agree.
 * Signatures are not verified twice: the engine is given the issuers that OpenSSL confirmed.
 *
 * What pkijs 4.0 leaves open, and path-rules.ts, name-constraints.ts, extensions.ts, strength.ts and revocation.ts close (with a test each):
 * pathLenConstraint (§6.1.4 l, m); unknown critical extensions, which it takes for processed when they are DER, and those of the leaf
 * altogether (§6.1.5 f); malformed known extensions, which it reads as empty ones (§4.2); an extension that stands there twice (§4.2);
 * differing inner and outer signature algorithms (§4.1.1.2); EKU (§4.2.1.12); constraints on `sip:` URIs (§4.2.1.10), where it never
 * matches: permitted ones refuse every SIP domain, excluded ones exclude none; constraints in the anchor; thisUpdate, issuing
 * distribution points and critical extensions of CRLs (§5.2, §6.3.3); weak keys and digests. Its verdict on name constraints comes last
 * of all its checks and is therefore left to ours.
 */
export async function secondOpinion(path: CertificatePath, nowMs: number): Promise<Refusal | undefined> {
  try {
    const chain = path.certificates.map(toPki)
    const anchor = toPki(path.anchor.certificate)
    const issuers = new Map(chain.map((certificate, index) => [certificate, chain[index + 1] ?? anchor]))
    const engine = new CertificateChainValidationEngine({
      trustedCerts: [anchor],
      // The engine takes the last one for the leaf.
      certs: [...chain].reverse(),
      checkDate: new Date(nowMs),
      findIssuer: async (certificate) => {
        const issuer = issuers.get(certificate)
        return issuer === undefined ? [] : [issuer]
      },
    })
    const result = await engine.verify()
    if (result.result || NAME_CONSTRAINT_RESULTS.has(result.resultCode)) return undefined
    return { code: 'GH-IDENTITY-PATH-REFUSED', detail: `${result.resultMessage} (pkijs ${result.resultCode}).` }
  } catch {
    return { code: 'GH-IDENTITY-MALFORMED', detail: 'pkijs cannot read a certificate of the path.' }
  }
}
