import { holdsStrangers, judgePolicy } from '../judge/judge-policy.ts'
import type { Fact } from '../report.ts'
import { type Step, skipped } from './step.ts'

const NO_RECORD = { status: 'none', detail: '' } as const

export const policyStep: Step = {
  name: 'policy',
  run: async (examination, gate) => {
    if (gate.policy === undefined) return skipped('no policy at hand: ask a running gate')
    const { options, peer, srv } = examination
    const to = options.echoTo === '' ? `echo@${options.domain}` : options.echoTo
    const looks = await gate.policy({
      from: options.from,
      to,
      peer: peer?.isAuthenticated === true ? peer : undefined,
      srv: srv?.evidence ?? NO_RECORD,
    })
    const facts: Fact[] = []
    if (looks !== undefined) {
      const { outbound, inbound } = looks
      if (outbound.isAllowed) facts.push(['partner', `${outbound.partner} (${outbound.peerClass})`])
      facts.push(['revision', String(outbound.revision)])
      if (holdsStrangers(looks)) facts.push(['unverified', 'their messages reach only people who have the sender as a contact'])
      if (inbound === undefined) facts.push(['inbound', 'not judged: their certificate is not accepted'])
    }
    return { findings: judgePolicy(looks), facts }
  },
}
