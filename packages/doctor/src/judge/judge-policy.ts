import type { PolicyLook, PolicyLooks } from '../doctor-gate.ts'
import type { DoctorCode } from '../errors.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'

const CODES: Readonly<Record<string, DoctorCode>> = {
  'GH-POLICY-EMPTY': 'GH-DOCTOR-POLICY-NONE',
  'GH-POLICY-BLOCKED': 'GH-DOCTOR-POLICY-BLOCKED',
  'GH-POLICY-FEDERATION-OFF': 'GH-DOCTOR-POLICY-OFF',
  'GH-POLICY-DESTINATION-UNKNOWN': 'GH-DOCTOR-POLICY-UNKNOWN',
  'GH-POLICY-PARTNER-DISABLED': 'GH-DOCTOR-POLICY-DISABLED',
  'GH-POLICY-PROVIDER-DISABLED': 'GH-DOCTOR-POLICY-DISABLED',
  'GH-POLICY-NETWORK-DISABLED': 'GH-DOCTOR-POLICY-DISABLED',
}

/** Refusals of the people in the test message, not of the partner. */
const OF_THE_USER = /^GH-POLICY-(?:USER|RECIPIENT|WALL|FACTS)/
/** Strangers are held, people who know each other are not: that is as it should be, and worth a word. */
const OF_STRANGERS = /^GH-POLICY-(?:UNVERIFIED|FIRST-CONTACT)/

/** True: messages of the partner reach only people who know the sender. */
export function holdsStrangers(looks: PolicyLooks | undefined): boolean {
  return looks?.inbound !== undefined && OF_STRANGERS.test(looks.inbound.code)
}

/** `undefined`: no policy is in force. */
export function judgePolicy(looks: PolicyLooks | undefined): readonly Finding[] {
  if (looks === undefined) return [findingOf('GH-DOCTOR-POLICY-NONE')]
  const { outbound, inbound } = looks
  const refused = outbound.isAllowed ? inbound : outbound
  if (refused === undefined || refused.isAllowed || OF_STRANGERS.test(refused.code)) return []
  if (OF_THE_USER.test(refused.code)) return [warningOf('GH-DOCTOR-POLICY-USER', textOf(refused))]
  if (refused === inbound) return [findingOf('GH-DOCTOR-POLICY-INBOUND', textOf(inbound))]
  return [findingOf(CODES[outbound.code] ?? 'GH-DOCTOR-POLICY-REFUSED', textOf(outbound))]
}

function textOf({ code, reason }: PolicyLook): string {
  return `${code}: ${reason}`
}
