import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { SignedSnapshotSchema } from '@gatehouse/proto'
import { type FollowCode, followCodes } from './errors.ts'

const followError = errorsOf(followCodes)

/** First 16 hex digits of SHA-256 over the public key (SubjectPublicKeyInfo, DER). */
export function keyIdOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 16)
}

/** Reads an Ed25519 public key from PEM text. Throws GH-SNAPSHOT-KEY. */
export function readPublicKey(pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch (thrown) {
    throw followError('GH-SNAPSHOT-KEY', messageOf(thrown), { cause: thrown })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw followError('GH-SNAPSHOT-KEY', `It is of type ${key.asymmetricKeyType}.`)
  return key
}

/** A `SignedSnapshot` (policy.proto): Ed25519 over exactly the payload's bytes. */
export function seal(payload: Uint8Array, privateKey: KeyObject, keyId: string): Uint8Array {
  return toBinary(SignedSnapshotSchema, create(SignedSnapshotSchema, { payload, signature: sign(null, payload, privateKey), keyId }))
}

export type Unsealed =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly code: FollowCode; readonly detail: string }

/** The payload of a snapshot that one of `keys` signed. Never throws, whatever the bytes. */
export function unseal(bytes: Uint8Array, keys: ReadonlyMap<string, KeyObject>): Unsealed {
  try {
    const { payload, signature, keyId } = fromBinary(SignedSnapshotSchema, bytes)
    const key = keys.get(keyId)
    if (key === undefined) return { ok: false, code: 'GH-SNAPSHOT-FOREIGN', detail: `Key id ${JSON.stringify(keyId.slice(0, 64))}.` }
    if (verify(null, payload, key, signature)) return { ok: true, payload }
    return { ok: false, code: 'GH-SNAPSHOT-SIGNATURE', detail: `${payload.length} bytes.` }
  } catch (thrown) {
    return { ok: false, code: 'GH-SNAPSHOT-MALFORMED', detail: messageOf(thrown) }
  }
}
