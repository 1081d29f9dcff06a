import { type ImContent, type MessageContent, NOBODY } from '@gatehouse/im-model'
import type { DecisionInput, SrvEvidence, UserFacts } from '@gatehouse/policy-engine'
import type { JudgedInput } from '@gatehouse/policy-follow'
import { contentOf } from '../inbound/message-text.ts'
import { HOME, INSIDE, type KnownEvidence } from '../inbound/passage.ts'
import type { WaitingMessage } from './waiting-delivery.ts'

/** A message that waited, as the rules see it. */
export function judgedMessage({ delivery, origin }: WaitingMessage, known: KnownEvidence, nowMs: number): JudgedInput {
  const { from, to, content } = delivery.envelope
  const { side, bridge, method } = origin
  return judged({ side, bridge, method, from, to, content, known, nowMs })
}

/** A word to its sender outside, as if whom they wrote to sent it. `home`: what the home system of that person speaks. */
export function judgedWord({ delivery }: WaitingMessage, home: string, known: KnownEvidence, nowMs: number): JudgedInput {
  const { from, to } = delivery.envelope
  const content: ImContent = { kind: 'receipt', of: '', state: 'failed', code: '' }
  const bridge = home === 'sip' ? undefined : ({ protocol: home, evidence: 'V3' } as const)
  return judged({ side: 'internal', bridge, method: 'MESSAGE', from: to, to: from, content, known, nowMs })
}

interface Parts {
  readonly side: DecisionInput['side']
  readonly bridge: DecisionInput['bridge']
  readonly method: string
  readonly from: { readonly user: string; readonly domain: string }
  readonly to: { readonly user: string; readonly domain: string }
  readonly content: ImContent
  readonly known: KnownEvidence
  readonly nowMs: number
}

function judged({ side, bridge, method, from, to, content, known, nowMs }: Parts): JudgedInput {
  const srv = new Map<string, SrvEvidence>()
  const facts = new Map<string, UserFacts>()
  const carried: MessageContent | undefined = contentOf(content)
  return {
    nowMs,
    side,
    bound: side === 'internal' ? INSIDE : undefined,
    bridge,
    kind: content.kind,
    method,
    fromUser: from.user,
    fromDomain: from.domain,
    toUser: to.user,
    toDomain: to.domain,
    assertedDomains: [],
    assertedMark: undefined,
    isInDialog: false,
    peer: side === 'internal' ? HOME : NOBODY,
    content: () => carried,
    srv: (domain) => srv.get(domain) ?? known.srv(domain),
    facts: (user) => facts.get(user) ?? known.facts(user),
    keepEvidence: (domain, evidence) => void srv.set(domain, evidence),
    keepFacts: (user, found) => void facts.set(user, found),
  }
}
