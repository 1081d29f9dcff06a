import type { KeyObject } from 'node:crypto'
import { createPrivateKey, X509Certificate } from 'node:crypto'

import { messageOf } from '@gatehouse/errors'
import type { NamedFile } from '@gatehouse/peer-identity'
import { readDerBlocks } from '@gatehouse/peer-identity'

import type { EdgeCode } from './edge-codes.ts'
import type { EdgeIdentity } from './edge-identity.ts'
import { createEdgeContext } from './tls-context.ts'

export type OwnCertificate =
  | { readonly ok: true; readonly identity: EdgeIdentity }
  | { readonly ok: false; readonly code: EdgeCode; readonly detail: string }

/** Makes an identity of a certificate file (leaf first, intermediates after it) and a key file, or says why not. Never throws. */
export function loadOwnCertificate(certificate: NamedFile, key: NamedFile, nowMs: number): OwnCertificate {
  const { blocks, problems } = readDerBlocks(certificate, 'certificate')
  const [problem] = problems
  if (problem !== undefined) return { ok: false, code: 'GH-EDGE-CERT-UNREADABLE', detail: problem.detail }
  try {
    const chain = blocks.map((der) => new X509Certificate(der))
    const privateKey = readKey(key)
    const [leaf] = chain
    if (leaf === undefined || privateKey === undefined) {
      return {
        ok: false,
        code: 'GH-EDGE-CERT-UNREADABLE',
        detail: `${privateKey === undefined ? key.name : certificate.name}: nothing usable in it`,
      }
    }
    if (!leaf.checkPrivateKey(privateKey))
      return { ok: false, code: 'GH-EDGE-CERT-KEY-MISMATCH', detail: `${certificate.name}, ${key.name}` }
    const notAfterMs = leaf.validToDate.getTime()
    if (notAfterMs <= nowMs) return { ok: false, code: 'GH-EDGE-CERT-EXPIRED', detail: `${certificate.name}: ${leaf.validTo}` }
    const chainPem = chain.map((link) => link.toString()).join('')
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    return {
      ok: true,
      identity: {
        context: createEdgeContext(chainPem, keyPem),
        names: dnsNamesOf(leaf),
        notAfterMs,
        fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      },
    }
  } catch (thrown) {
    return { ok: false, code: 'GH-EDGE-CERT-UNREADABLE', detail: `${certificate.name}, ${key.name}: ${messageOf(thrown)}` }
  }
}

/** PEM of any kind without a passphrase, or DER as PKCS #8, SEC 1 or PKCS #1. */
function readKey(file: NamedFile): KeyObject | undefined {
  const bytes = Buffer.from(file.bytes)
  if (bytes[0] !== 0x30) return createPrivateKey(bytes)
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type })
    } catch {
      // Not that kind; there is no way to tell but to try.
    }
  }
  return undefined
}

/** For display and metrics only: nothing is decided by it. */
function dnsNamesOf(leaf: X509Certificate): string[] {
  const names = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('DNS:'))
  return names.map((name) => name.slice(4).toLowerCase())
}
