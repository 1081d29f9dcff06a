import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { errorsOf } from '@gatehouse/errors'
import { bridgeCodes } from '../../errors.ts'

const bridgeError = errorsOf(bridgeCodes)
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const SEAL_KEY_BYTES = 32

/** Seals small secrets at rest: AES-256-GCM with a fresh nonce, bound to the place it is kept in, so that entries cannot be swapped. */
export class Seal {
  readonly #key: Uint8Array

  /** `key`: 32 bytes. Throws GH-BRIDGE-SEAL for any other length. */
  constructor(key: Uint8Array) {
    if (key.length !== SEAL_KEY_BYTES) throw bridgeError('GH-BRIDGE-SEAL', `A key has ${SEAL_KEY_BYTES} bytes, this one ${key.length}.`)
    this.#key = key
  }

  close(place: string, secret: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(place))
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed])
  }

  /** Throws GH-BRIDGE-SEAL when it was sealed with another key or for another place, or was altered. */
  open(place: string, sealed: Uint8Array): string {
    try {
      if (sealed[0] !== VERSION) throw new Error('it is of another version')
      const tagAt = 1 + NONCE_BYTES
      const textAt = tagAt + TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(1, tagAt))
      decipher.setAAD(Buffer.from(place))
      decipher.setAuthTag(sealed.subarray(tagAt, textAt))
      return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw bridgeError('GH-BRIDGE-SEAL', '', { cause })
    }
  }
}
