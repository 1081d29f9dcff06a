import type { AddressLook } from '../doctor-gate.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'

export interface HostLook {
  readonly host: string
  readonly look: AddressLook
}

export function judgeAddresses(hosts: readonly HostLook[]): readonly Finding[] {
  const findings: Finding[] = []
  const without = hosts.filter(({ look }) => look.addresses.length === 0)
  const detail = without.map(({ host, look }) => `${host}: ${look.failure}`).join('; ')
  if (without.length === hosts.length) {
    const isCertain = without.every(({ look }) => look.isCertain)
    return [findingOf(isCertain ? 'GH-DOCTOR-ADDRESS-NONE' : 'GH-DOCTOR-ADDRESS-FAILED', detail)]
  }
  if (without.length > 0) findings.push(warningOf('GH-DOCTOR-ADDRESS-SOME-NONE', detail))
  const aliases = hosts.filter(({ look }) => look.alias !== undefined)
  if (aliases.length > 0)
    findings.push(warningOf('GH-DOCTOR-ADDRESS-ALIAS', aliases.map(({ host, look }) => `${host} is ${look.alias}`).join('; ')))
  return findings
}
