import { generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto'
import { bits, explicit, integer, nothing, oid, sequence } from './der.ts'

/** `rsa-1024` exists to be refused. */
export type KeyKind = 'p256' | 'p384' | 'ed25519' | 'rsa-2048' | 'rsa-3072' | 'rsa-1024'
/** `md5` and `sha1` exist to be refused. */
export type DigestName = 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5'
export type SignatureScheme = 'pkcs1' | 'pss'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const rsaOids: Readonly<Record<DigestName, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}
const ecdsaOids: Readonly<Record<DigestName, string | undefined>> = {
  md5: undefined,
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}
const digestOids: Readonly<Partial<Record<DigestName, string>>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const digestSizes: Readonly<Partial<Record<DigestName, number>>> = { sha256: 32, sha384: 48, sha512: 64 }

export function makeKeyPair(kind: KeyKind): KeyPair {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'ed25519':
      return generateKeyPairSync('ed25519')
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) })
  }
}

function pssParameters(digest: DigestName): Uint8Array {
  // RFC 4055 §3.1
  const hash = sequence(oid(digestOids[digest] as string), nothing())
  return sequence(
    explicit(0, hash),
    explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hash)),
    explicit(2, integer(digestSizes[digest] as number)),
  )
}

function algorithmOf(key: KeyObject, digest: DigestName, scheme: SignatureScheme): Uint8Array {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid('1.3.101.112'))
  if (key.asymmetricKeyType === 'rsa') {
    return scheme === 'pss' ? sequence(oid('1.2.840.113549.1.1.10'), pssParameters(digest)) : sequence(oid(rsaOids[digest]), nothing())
  }
  const ecdsa = ecdsaOids[digest]
  if (ecdsa === undefined) throw new Error(`There is no ECDSA with ${digest}.`)
  return sequence(oid(ecdsa))
}

/** RFC 5280 §4.1 and §5.1: both certificates and CRLs are a signed body; `body` gets the algorithm it has to repeat inside. */
export function signedStructure(
  body: (algorithm: Uint8Array) => Uint8Array,
  key: KeyObject,
  digest: DigestName,
  scheme: SignatureScheme,
): Uint8Array {
  const algorithm = algorithmOf(key, digest, scheme)
  const signedBody = body(algorithm)
  const input: SignKeyObjectInput = { key }
  // RSA_PKCS1_PSS_PADDING with a salt as long as the digest, as declared in pssParameters.
  if (scheme === 'pss' && key.asymmetricKeyType === 'rsa') Object.assign(input, { padding: 6, saltLength: digestSizes[digest] })
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : digest, signedBody, input)
  return sequence(signedBody, algorithm, bits(signature))
}
