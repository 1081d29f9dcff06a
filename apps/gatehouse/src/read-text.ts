import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { cliCodes } from './errors.ts'

const cliError = errorsOf(cliCodes)

/** A file as text, relative to `cwd`; throws GH-CLI-FILE. */
export function readText(cwd: string, path: string): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8')
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}
