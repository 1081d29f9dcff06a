import { isHostDirectlyIn } from '@gatehouse/policy-engine'
import { orderTargets } from '@gatehouse/sip-core'
import { judgeConfiguredEdge, judgeSrv, listed } from '../judge/judge-srv.ts'
import type { Fact } from '../report.ts'
import { type Step, skipped } from './step.ts'

/** Where the gate would go: the configured edge, or the targets of the domain's SRV record. */
export const srvStep: Step = {
  name: 'srv',
  run: async (examination, gate) => {
    const { options, plan } = examination
    if (options.at !== undefined) {
      examination.targets = [{ host: options.at.host, port: options.at.port, priority: 0, weight: 0 }]
      return skipped(`--at ${options.at.host}:${options.at.port}`)
    }
    const look = await gate.srv(plan.domain)
    examination.srv = look
    const { evidence } = look
    const facts: Fact[] = evidence.status === 'found' ? [['record', listed(evidence.targets)]] : []
    if (plan.edge !== undefined) {
      examination.targets = [{ ...plan.edge, priority: 0, weight: 0 }]
      facts.push(['edge', `${plan.edge.host}:${plan.edge.port}, named by ${plan.source}`])
      return { findings: judgeConfiguredEdge(look, plan), facts }
    }
    const found = evidence.status === 'found' ? evidence.targets : []
    const fit = found.filter(({ host }) => isHostDirectlyIn(host, plan.domain))
    // What the gate does not follow is looked at all the same: the partner wants to hear everything at once.
    examination.targets = orderTargets(fit.length > 0 ? fit : found, () => 0)
    return { findings: judgeSrv(look, plan.domain), facts }
  },
}
