import { explicit, integer, sequence, time } from './der.ts'
import { authorityKeyIdentifier, extension, type RawExtension } from './extensions.ts'
import { type DigestName, type KeyPair, signedStructure } from './key-pair.ts'

export interface Revocation {
  readonly serial: bigint
  readonly at: Date
}

export interface CrlOptions {
  /** Default: a minute ago. */
  readonly thisUpdate?: Date
  /** Default: a day ahead; `null`: leave it out. */
  readonly nextUpdate?: Date | null
  readonly digest?: DigestName
  readonly extensions?: readonly RawExtension[]
  /** Signs with another key, for forged lists. */
  readonly keyPair?: KeyPair
}

/** RFC 5280 §5.1: a full CRL of one issuer. */
export function makeCrl(
  issuer: Uint8Array,
  issuerKeys: KeyPair,
  revoked: readonly Revocation[],
  number: number,
  nowMs: number,
  options: CrlOptions,
): Uint8Array {
  const nextUpdate = options.nextUpdate === undefined ? new Date(nowMs + 86_400_000) : options.nextUpdate
  const entries = revoked.map((entry) => sequence(integer(entry.serial), time(entry.at)))
  const extensions = [
    authorityKeyIdentifier(issuerKeys.publicKey),
    extension({ oid: '2.5.29.20', isCritical: false, value: integer(number) }),
    ...(options.extensions ?? []).map(extension),
  ]
  const body = (algorithm: Uint8Array): Uint8Array =>
    sequence(
      integer(1),
      algorithm,
      issuer,
      time(options.thisUpdate ?? new Date(nowMs - 60_000)),
      ...(nextUpdate === null ? [] : [time(nextUpdate)]),
      ...(entries.length === 0 ? [] : [sequence(...entries)]),
      explicit(0, sequence(...extensions)),
    )
  return signedStructure(body, (options.keyPair ?? issuerKeys).privateKey, options.digest ?? 'sha256', 'pkcs1')
}
