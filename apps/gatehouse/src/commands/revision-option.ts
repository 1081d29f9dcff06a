import { errorsOf } from '@gatehouse/errors'
import type { Call } from '../cli/command.ts'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

/** A revision given as an option; 0 where it is not given. Throws GH-CLI-USAGE. */
export function revisionOption(call: Call, name: string): bigint {
  return readRevision(call.text(name) ?? '0', `--${name}`)
}

/** Throws GH-CLI-USAGE. */
export function readRevision(text: string, what: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw cliError('GH-CLI-USAGE', `${what} is a number.`)
  return BigInt(text)
}
