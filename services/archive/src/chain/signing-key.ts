import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { archiveError } from '../errors.ts'

export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** First 16 hex digits of SHA-256 over the public key (SubjectPublicKeyInfo, DER). */
  readonly keyId: string
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}

/** Reads the Ed25519 key that signs checkpoints; makes one, and the public half beside it as `.pub`, where there is none. */
export function loadSigningKey(file: string): SigningKey {
  try {
    if (!existsSync(file)) {
      const made = generateKeyPairSync('ed25519')
      writeFileSync(file, made.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
      writeFileSync(`${file}.pub`, made.publicKey.export({ type: 'spki', format: 'pem' }))
    }
    const privateKey = createPrivateKey(readFileSync(file))
    if (privateKey.asymmetricKeyType !== 'ed25519')
      throw archiveError('GH-ARCHIVE-KEY', `${file} is of type ${privateKey.asymmetricKeyType}`)
    const publicKey = createPublicKey(privateKey)
    return { privateKey, publicKey, keyId: keyIdOf(publicKey) }
  } catch (thrown) {
    throw archiveError('GH-ARCHIVE-KEY', `${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** Reads a public key from PEM text or DER bytes; throws GH-ARCHIVE-KEY. */
export function readPublicKey(text: string | Uint8Array): KeyObject {
  try {
    return typeof text === 'string' ? createPublicKey(text) : createPublicKey({ key: Buffer.from(text), format: 'der', type: 'spki' })
  } catch (thrown) {
    throw archiveError('GH-ARCHIVE-KEY', messageOf(thrown), { cause: thrown })
  }
}
