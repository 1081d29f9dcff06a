import { errorsOf } from '@gatehouse/errors'
import type { Call } from '../cli/command.ts'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

/** Microseconds since the epoch of an ISO time or an age; 0 where the option was not given. */
export function timeOption(call: Call, name: string): bigint {
  const text = call.text(name)
  if (text === undefined) return 0n
  const age = /^(\d{1,6})([smhd])$/.exec(text)
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[age?.[2] ?? ''] ?? 0
  const ms = age === null ? Date.parse(text) : call.io.nowMs() - Number(age[1]) * unitMs
  if (Number.isNaN(ms)) throw cliError('GH-CLI-USAGE', `--${name} ${text} is neither a time nor an age.`)
  return BigInt(Math.trunc(ms)) * 1_000n
}
