import type { SecureContext } from 'node:tls'

/** What one side of the gate shows of itself. A new object after every reload; open connections keep what they had. */
export interface EdgeIdentity {
  readonly context: SecureContext
  /** Lower-case DNS names of the certificate. */
  readonly names: readonly string[]
  readonly notAfterMs: number
  /** SHA-256 of the leaf, lower-case hex. */
  readonly fingerprint: string
}
