import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '@gatehouse/config'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { telemetryCodes } from '@gatehouse/telemetry'

const telemetryError = errorsOf(telemetryCodes)
const OWN_FILE = 'address-hash.key'
const KEY_BYTES = 32
const LEAST_CHARS = 16

/** The secret that addresses are hashed with: the file named, or one of our own in the state folder. Throws GH-TELEMETRY-ADDRESS-KEY. */
export function readAddressKey(keyFile: string | undefined, stateDir: string): string {
  const file = keyFile ?? join(stateDir, OWN_FILE)
  try {
    if (keyFile === undefined) makeOnce(file, stateDir)
    const key = readFileSync(file, 'utf8').trim()
    if (key.length >= LEAST_CHARS) return key
  } catch (cause) {
    throw telemetryError('GH-TELEMETRY-ADDRESS-KEY', messageOf(cause), { cause })
  }
  throw telemetryError('GH-TELEMETRY-ADDRESS-KEY', `${file} has less than ${LEAST_CHARS} characters`)
}

/** Services that start together agree: the file comes into being whole, and whoever is second reads the key of the first. */
function makeOnce(file: string, stateDir: string): void {
  makeFolder(stateDir)
  if (existsSync(file)) return
  const own = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(own, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(own, file)
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'EEXIST') throw thrown
  } finally {
    unlinkSync(own)
  }
}
