import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { keyIdOf } from '@gatehouse/policy-follow'
import { policyError } from '../errors.ts'

export interface SnapshotKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly keyId: string
}

/** Reads the Ed25519 key that signs snapshots; makes one, and the public half beside it as `.pub`, where there is none. Throws GH-REVISION-KEY. */
export function loadSnapshotKey(file: string): SnapshotKey {
  try {
    if (!existsSync(file)) {
      const made = generateKeyPairSync('ed25519')
      writeFileSync(file, made.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
    }
    const privateKey = createPrivateKey(readFileSync(file))
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`it is of type ${privateKey.asymmetricKeyType}`)
    const publicKey = createPublicKey(privateKey)
    if (!existsSync(`${file}.pub`)) writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }))
    return { privateKey, publicKey, keyId: keyIdOf(publicKey) }
  } catch (thrown) {
    throw policyError('GH-REVISION-KEY', `${file}: ${messageOf(thrown)}`, { cause: thrown })
  }
}
