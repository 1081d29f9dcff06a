import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { bridgeCodes } from '../errors.ts'
import { SEAL_KEY_BYTES } from './accounts/seal.ts'

const bridgeError = errorsOf(bridgeCodes)

/** Reads the key that seals secrets; makes it when it is not there and `isMade` says that it may be. Throws GH-BRIDGE-SEAL. */
export function readSealKey(file: string, isMade: boolean): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    const isMissing = (cause as { code?: string }).code === 'ENOENT'
    if (!isMissing || !isMade) throw bridgeError('GH-BRIDGE-SEAL', `${file}: ${messageOf(cause)}`, { cause })
  }
  const key = randomBytes(SEAL_KEY_BYTES)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // another process may make one at the same time: whoever is second reads the first one's
  try {
    writeFileSync(file, key, { mode: 0o600, flag: 'wx' })
    return key
  } catch {
    return readFileSync(file)
  }
}
