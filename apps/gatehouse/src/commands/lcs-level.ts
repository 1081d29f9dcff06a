import { errorsOf } from '@gatehouse/errors'
import type { LcsLevel } from '@gatehouse/lcs-parity'
import type { Call, OptionSpec } from '../cli/command.ts'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

export const levelOption: OptionSpec = { name: 'level', value: 'LEVEL', description: 'global, pool or server. Default: all.' }

/** Throws GH-CLI-USAGE. */
export function levelOf(call: Call): LcsLevel | undefined {
  const level = call.text('level')
  if (level === undefined || level === 'global' || level === 'pool' || level === 'server') return level
  throw cliError('GH-CLI-USAGE', '--level is global, pool or server.')
}
