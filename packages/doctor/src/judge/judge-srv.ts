import { isIP } from 'node:net'
import { isHostDirectlyIn, type SrvTarget } from '@gatehouse/policy-engine'
import type { DoctorPlan, SrvLook } from '../doctor-gate.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'

/** SIP without TLS, by its assignment. */
const PLAIN_SIP_PORT = 5060

/** What DNS says about the domain's federation service, where the gate goes by it. */
export function judgeSrv(look: SrvLook, domain: string): readonly Finding[] {
  const record = `_sipfederationtls._tcp.${domain}`
  const { evidence } = look
  if (evidence.status === 'failed') {
    const isTimeout = look.errorCode === 'ETIMEOUT' || look.errorCode === 'ECANCELLED'
    return [findingOf(isTimeout ? 'GH-DOCTOR-SRV-TIMEOUT' : 'GH-DOCTOR-SRV-FAILED', `${record}: ${look.errorCode || evidence.detail}`)]
  }
  if (evidence.status !== 'found') return [judgeUnusable(look, record)]
  const { targets } = evidence
  if (targets.some(({ host }) => isAddress(host))) return [findingOf('GH-DOCTOR-SRV-ADDRESS', listed(targets))]
  const findings: Finding[] = []
  const outside = targets.filter(({ host }) => !isHostDirectlyIn(host, domain))
  if (outside.length === targets.length) findings.push(findingOf('GH-DOCTOR-SRV-OUTSIDE', listed(outside)))
  else if (outside.length > 0) findings.push(warningOf('GH-DOCTOR-SRV-SOME-OUTSIDE', listed(outside)))
  if (targets.some(({ port }) => port === PLAIN_SIP_PORT)) findings.push(warningOf('GH-DOCTOR-SRV-PLAIN-PORT', listed(targets)))
  return findings
}

/** DNS answered, and nothing of it can be used. */
function judgeUnusable({ records, errorCode }: SrvLook, record: string): Finding {
  if (records.length === 0) return findingOf('GH-DOCTOR-SRV-NONE', `${record}: ${wordOf(errorCode)}`)
  if (records.every(({ host }) => host === '' || host === '.')) return findingOf('GH-DOCTOR-SRV-DISABLED', record)
  if (records.some(({ host }) => isAddress(host))) return findingOf('GH-DOCTOR-SRV-ADDRESS', listed(records))
  return findingOf('GH-DOCTOR-SRV-UNUSABLE', listed(records))
}

/** Where policy names the edge, the record is not followed; that it leads elsewhere is worth knowing. */
export function judgeConfiguredEdge(look: SrvLook, plan: DoctorPlan): readonly Finding[] {
  const { evidence } = look
  const { edge } = plan
  if (edge === undefined || evidence.status !== 'found') return []
  const isSame = evidence.targets.some(({ host, port }) => host === edge.host && port === edge.port)
  return isSame ? [] : [warningOf('GH-DOCTOR-SRV-DIFFERS', `policy: ${edge.host}:${edge.port}; record: ${listed(evidence.targets)}`)]
}

export function listed(targets: readonly Pick<SrvTarget, 'host' | 'port'>[]): string {
  const shown = targets.slice(0, 6).map(({ host, port }) => `${host === '' ? '.' : host}:${port}`)
  return targets.length > shown.length ? `${shown.join(', ')} and ${targets.length - shown.length} more` : shown.join(', ')
}

function wordOf(errorCode: string): string {
  if (errorCode === 'ENOTFOUND') return 'the name does not exist (NXDOMAIN)'
  return 'the name has no such record'
}

/** As a host name in DNS: with the root's dot, perhaps. */
function isAddress(host: string): boolean {
  return isIP(host.replace(/\.$/, '')) !== 0
}
