import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority, CertificateOptions, Issued } from '@gatehouse/lab'

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
}

/** Writes a certificate with its chain, its key, and the roots that its holder trusts. */
export function writeCertificate(folder: string, name: string, issued: Issued, trusted: readonly Authority[]): CertificateFiles {
  mkdirSync(folder, { recursive: true })
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`), caFile: join(folder, `${name}-trusted.pem`) }
  writeFileSync(files.certFile, issued.chainPem)
  writeFileSync(files.keyFile, issued.keyPem, { mode: 0o600 })
  writeFileSync(files.caFile, trusted.map((authority) => authority.certPem).join(''))
  return files
}

/** A server certificate for `host` (also as common name, which older peers read), written to `folder`. */
export function issueFiles(
  folder: string,
  authority: Authority,
  host: string,
  trusted: readonly Authority[] = [authority],
  options: CertificateOptions = {},
): CertificateFiles {
  return writeCertificate(folder, host, authority.issue({ commonName: host, dns: [host], ...options }), trusted)
}
