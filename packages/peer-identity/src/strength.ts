import type { KeyObject } from 'node:crypto'
import { algorithmOid } from './certificate.ts'
import { DerCursor, readOid } from './der.ts'

const MIN_RSA_BITS = 2048
/** Verification time grows with the square of the size; nothing honest is larger. */
const MAX_RSA_BITS = 8192

const strongSignatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11', // RSA with SHA-256, -384, -512
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2', // ECDSA with SHA-256, -384, -512
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112', // Ed25519
  '1.3.101.113', // Ed448
])
const RSASSA_PSS = '1.2.840.113549.1.1.10'
const strongDigests: ReadonlySet<string> = new Set(['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'])
const strongCurves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

const weakNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'RSA with MD2',
  '1.2.840.113549.1.1.4': 'RSA with MD5',
  '1.2.840.113549.1.1.5': 'RSA with SHA-1',
  '1.2.840.10045.4.1': 'ECDSA with SHA-1',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
}

/** RFC 4055 §3.1: without parameters, or without the hash in them, PSS means SHA-1. */
function pssDigest(algorithm: Uint8Array): string | undefined {
  const body = new DerCursor(algorithm).enter(0x30)
  body.take(0x06)
  const parameters = body.enter(0x30)
  const hash = parameters.optional(0xa0)
  return hash === undefined ? undefined : readOid(new DerCursor(hash.content).enter(0x30).take(0x06).content)
}

/** Why a signature algorithm is not accepted; undefined when it is. */
export function signatureWeakness(algorithm: Uint8Array): string | undefined {
  const id = algorithmOid(algorithm)
  if (id === undefined) return 'the signature algorithm is unreadable'
  if (strongSignatures.has(id)) return undefined
  if (id !== RSASSA_PSS) return `signed by ${weakNames[id] ?? `the unusual algorithm ${id}`}`
  return strongDigests.has(pssDigest(algorithm) ?? '') ? undefined : 'signed by RSASSA-PSS with a weak digest'
}

/** Why a public key is not accepted; undefined when it is. */
export function keyWeakness(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const size = details?.modulusLength ?? 0
      if (size < MIN_RSA_BITS || size > MAX_RSA_BITS) return `the RSA key has ${size} bits`
      return (details?.publicExponent ?? 0n) < 3n ? 'the RSA exponent is too small' : undefined
    }
    case 'ec':
      return strongCurves.has(details?.namedCurve ?? '') ? undefined : `the curve ${details?.namedCurve ?? '(explicit)'} is not accepted`
    case 'ed25519':
    case 'ed448':
      return undefined
    default:
      return `the key type ${key.asymmetricKeyType ?? '(unknown)'} is not accepted`
  }
}
