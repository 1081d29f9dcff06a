import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { archiveError } from '../errors.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** One line of a key file: an id and a new random key-encryption key. The last line of the file is the current one. */
export function newKeyLine(id: string): string {
  return `${id} ${randomBytes(KEY_BYTES).toString('base64')}\n`
}

/** The key-encryption keys of the archive, by id: the newest wraps, all unwrap. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly currentId: string

  constructor(keys: ReadonlyMap<string, Buffer>, currentId: string) {
    this.#keys = keys
    this.currentId = currentId
  }

  /** Reads a key file: `id base64` per line, lines with # are comments. Throws GH-ARCHIVE-ENCRYPTION; the message never has a key. */
  static read(file: string): KeyRing {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (thrown) {
      throw archiveError('GH-ARCHIVE-ENCRYPTION', messageOf(thrown), { cause: thrown })
    }
    const keys = new Map<string, Buffer>()
    let currentId = ''
    for (const [at, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue
      const [id = '', encoded = ''] = line.trim().split(/\s+/)
      const key = Buffer.from(encoded, 'base64')
      if (key.length !== KEY_BYTES || keys.has(id))
        throw archiveError('GH-ARCHIVE-ENCRYPTION', `${file}:${at + 1}: not an id of its own and 32 bytes`)
      keys.set(id, key)
      currentId = id
    }
    if (currentId === '') throw archiveError('GH-ARCHIVE-ENCRYPTION', `${file} has no key`)
    return new KeyRing(keys, currentId)
  }

  /** Encrypts a body key under the current key; `place` says what it is for and must be given again to unwrap. */
  wrap(key: Uint8Array, place: string): Buffer {
    return encrypt(this.#keys.get(this.currentId)!, key, Buffer.from(place))
  }

  /** Throws GH-ARCHIVE-ENCRYPTION when the key-encryption key is unknown or the bytes were altered. */
  unwrap(id: string, wrapped: Uint8Array, place: string): Buffer {
    const key = this.#keys.get(id)
    if (key === undefined) throw archiveError('GH-ARCHIVE-ENCRYPTION', `the key file lacks key ${id}`)
    const opened = decrypt(key, wrapped, Buffer.from(place))
    if (opened === undefined) throw archiveError('GH-ARCHIVE-ENCRYPTION', `a body key does not open with key ${id}`)
    return opened
  }
}

/** AES-256-GCM with a random nonce: nonce ‖ ciphertext ‖ tag. */
export function encrypt(key: Uint8Array, text: Uint8Array, authenticated: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated)
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

/** Undefined when the key is another or anything was altered. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, authenticated: Uint8Array): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES)).setAAD(authenticated)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const text = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES))
  try {
    return Buffer.concat([text, decipher.final()])
  } catch {
    return undefined
  }
}
