import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { FederationPeerConfig } from '../config.ts'
import { peerCodes } from '../errors.ts'

const errors = errorsOf(peerCodes)

const MIN_TOKEN_KEY_BYTES = 32
/** The key of route tokens, read once at start; a key that changed would end every dialog. Throws GH-PEER-TOKEN-KEY. */
export function tokenKey(config: FederationPeerConfig): Uint8Array {
  const file = config.routing.tokenKeyFile
  if (file === undefined) return randomBytes(MIN_TOKEN_KEY_BYTES)
  let key: Uint8Array
  try {
    key = readFileSync(file)
  } catch (thrown) {
    throw errors('GH-PEER-TOKEN-KEY', messageOf(thrown), { cause: thrown })
  }
  if (key.byteLength < MIN_TOKEN_KEY_BYTES) throw errors('GH-PEER-TOKEN-KEY', `${file} has ${key.byteLength} bytes.`)
  return key
}
