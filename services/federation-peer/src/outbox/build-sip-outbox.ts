import { randomBytes } from 'node:crypto'
import type { Delivery } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { DecisionState, Snapshot } from '@gatehouse/policy-engine'
import type { TransactionLayer } from '@gatehouse/sip-core'
import type { Tracer } from '@gatehouse/telemetry'
import type { Forwarder } from '../deliver/forwarder.ts'
import type { EdgeLog } from '../edge/connection.ts'
import { type AgentLinks, UserAgent } from '../endpoint/user-agent.ts'
import type { Recorder } from '../record/recorder.ts'
import type { LinkTargets } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { FactsLookup, SrvLookup } from '../session/gate-deps.ts'
import type { NoticeTexts } from './notice-texts.ts'
import { SipOutbox } from './sip-outbox.ts'

export interface SipOutboxParts {
  readonly policy: { current(nowMs: number): Snapshot | undefined }
  readonly decisions: DecisionState
  readonly resolver: SrvLookup
  readonly facts: Pick<FactsLookup, 'facts' | 'lookupFacts'>
  readonly layer: () => TransactionLayer
  readonly links: AgentLinks
  readonly targets: LinkTargets
  readonly own: OwnNames
  readonly forwarder: Forwarder
  readonly recorder: Recorder
  readonly log: EdgeLog
  readonly tracer: Tracer
  readonly sendOwn: (delivery: Delivery, onOutcome: (outcome: DeliveryOutcome) => void) => void
  readonly newId: (nowMs: number) => Uint8Array
  /** By key of the link pool. */
  readonly forgive: (key: string) => void
  readonly nowMs: () => number
}

/** What it reads of the service's configuration. */
export interface SipOutboxConfig {
  readonly outbox: { readonly notice: NoticeTexts }
  readonly internalEdge: { readonly name: string }
}

/** Puts the outbox of the SIP edge together, with a user agent of its own for what it sends. */
export function buildSipOutbox(config: SipOutboxConfig, parts: SipOutboxParts): SipOutbox {
  const { policy, resolver, facts, layer, links, targets, own, nowMs } = parts
  return new SipOutbox({
    ...parts,
    snapshot: (now) => policy.current(now),
    lookupSrv: (domain, onDone) => resolver.lookupSrv(domain, onDone),
    lookupFacts: (user, onDone) => facts.lookupFacts(user, onDone),
    evidence: { srv: (domain) => resolver.srv(domain), facts: (user) => facts.facts(user) },
    agent: new UserAgent({
      layer,
      links,
      targets,
      own,
      branchPrefix: randomBytes(6).toString('hex'),
      nowMs,
      sendAck: () => undefined, // it sends no INVITE
    }),
    texts: config.outbox.notice,
    insideName: config.internalEdge.name,
    forgive: (destination) => parts.forgive(targets.of(destination).key),
    sendOwn: (delivery) => new Promise((resolve) => parts.sendOwn(delivery, resolve)),
  })
}
