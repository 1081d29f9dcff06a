import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { bridgeCodes } from '../../errors.ts'
import { TLS_SETTINGS } from './tls-settings.ts'

const bridgeError = errorsOf(bridgeCodes)

/** A certificate of ours, for the domains that it names. */
export interface OwnCertificate {
  readonly context: SecureContext
  /** DNS names in lower case, wildcards as written. */
  readonly names: readonly string[]
  readonly notAfterMs: number
}

/** Rejects with GH-BRIDGE-CERTIFICATE when a file cannot be read, or certificate and key do not fit. */
export async function loadOwnCertificate(files: { readonly certFile: string; readonly keyFile: string }): Promise<OwnCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)])
    const leaf = new X509Certificate(cert)
    if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error('certificate and key do not belong together')
    const names = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('DNS:'))
    return {
      context: createSecureContext({ ...TLS_SETTINGS, cert, key }),
      names: names.map((name) => name.slice(4).toLowerCase()),
      notAfterMs: leaf.validToDate.getTime(),
    }
  } catch (cause) {
    throw bridgeError('GH-BRIDGE-CERTIFICATE', `${files.certFile}, ${files.keyFile}: ${messageOf(cause)}`, { cause })
  }
}

/** The first that names the domain, exactly or by a wildcard of its first label (RFC 6125 §6.4.3); else the first of all. */
export function certificateFor(certificates: readonly OwnCertificate[], domain: string): OwnCertificate | undefined {
  const wildcard = `*${domain.slice(domain.indexOf('.'))}`
  return certificates.find(({ names }) => names.includes(domain) || names.includes(wildcard)) ?? certificates[0]
}
