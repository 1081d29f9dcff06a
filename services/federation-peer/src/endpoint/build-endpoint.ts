import type { SipRequest, TransactionLayer } from '@gatehouse/sip-core'
import type { LinkDestination, LinkTargets } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import { Endpoint } from './endpoint.ts'
import { type NextHopHabits, SipSender } from './sip-sender.ts'
import { type AgentLinks, UserAgent } from './user-agent.ts'

export interface EndpointParts {
  readonly layer: () => TransactionLayer
  readonly links: AgentLinks
  readonly targets: LinkTargets
  readonly own: OwnNames
  readonly branchPrefix: string
  readonly sendAck: (link: number, ack: SipRequest) => void
  /** What the inside next hop makes of messages; partners go by their dialect. */
  readonly inside: NextHopHabits
  readonly newTag: () => string
  readonly nowMs: () => number
}

/** Puts the endpoint together. */
export function buildEndpoint(parts: EndpointParts): Endpoint {
  const { own, newTag, nowMs } = parts
  const agent = new UserAgent(parts)
  const sender = new SipSender({ agent, own, newTag, nowMs, habitsOf: (destination) => habitsOf(destination, parts.inside) })
  return new Endpoint({ sender })
}

const MICROSOFT: NextHopHabits = { imMode: 'session', hasImdn: false }
const STANDARD: NextHopHabits = { imMode: 'page', hasImdn: true }

function habitsOf(destination: LinkDestination, inside: NextHopHabits): NextHopHabits {
  if (destination.to === 'inside') return inside
  return destination.dialect === 'microsoft' ? MICROSOFT : STANDARD
}
