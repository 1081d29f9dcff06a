import type {
  Destination,
  Direction,
  EvidenceClass,
  InspectorCall,
  Mark,
  MessageContent,
  NameMatch,
  PeerClass,
  ProofStep,
} from '@gatehouse/im-model'
import { userKey } from './address-key.ts'
import { isUsableDomain } from './domain-lookup.ts'
import type { PolicyCode } from './errors.ts'
import type { EffectiveFacts } from './facts/effective-facts.ts'
import { factsOf } from './facts/facts-of.ts'
import type { DecisionInput, EvidenceNeeded, SrvEvidence } from './input.ts'
import type { Relation, Snapshot } from './snapshot.ts'
import type { DecisionState } from './state/decision-state.ts'

const MAX_OBSERVED = 8

/** What a judgement is for: deciding moves counters, explaining gives the reason of every rule, simulating neither. */
export interface JudgingManner {
  readonly isExplaining: boolean
  readonly isCounting: boolean
}

/** What the rules have found out so far. One object per `DecisionState`, begun anew for each decision. */
export class RuleContext {
  snapshot!: Snapshot
  input!: DecisionInput
  state!: DecisionState
  /** Rules fill `detail` when they pass. */
  isExplaining = false
  /** Counters move; else they are only looked at. */
  isCounting = false

  /** `isUsableDomain` of both ends, asked by several rules. */
  isFromUsable = false
  isToUsable = false

  direction: Direction = 'inbound'
  peerClass: PeerClass = 'discovered'
  partner = ''
  nameMatch: NameMatch = 'none'
  /** Our relation to the outside party: the sender's side inbound and in transit, the destination's side outbound. */
  relation: Relation | undefined
  /** Transit: our relation to the member the message goes on to. */
  onward: Relation | undefined
  mark: Mark = 'unverified'
  evidence: EvidenceClass = 'V0'
  destination: Destination | undefined
  retryAfterS: number | undefined
  warning: string | undefined
  rewrite: MessageContent | undefined
  inspectors: readonly InspectorCall[] | undefined
  /** Facts of the internal user who crosses the border, once rule 5 has them. */
  userFacts: EffectiveFacts | undefined

  /** The rule at work says so when it has nothing to say about this message. */
  isApplicable = true
  detail: string | undefined
  source: string | undefined
  /** The step goes into the proof with its detail although the message passes and nobody asked for an explanation. */
  isNoted = false
  need: EvidenceNeeded | undefined
  /** What objects in mode observe would have refused. */
  observed: ProofStep[] | undefined

  begin(snapshot: Snapshot, input: DecisionInput, state: DecisionState, { isExplaining, isCounting }: JudgingManner): void {
    this.snapshot = snapshot
    this.input = input
    this.state = state
    this.isExplaining = isExplaining
    this.isCounting = isCounting
    this.isFromUsable = isUsableDomain(input.fromDomain)
    this.isToUsable = isUsableDomain(input.toDomain)
    const isExternal = input.side === 'external'
    this.direction = isExternal ? 'inbound' : 'outbound'
    this.peerClass = input.bound?.peerClass ?? (isExternal ? 'discovered' : 'inside')
    this.partner = isExternal ? input.fromDomain : input.toDomain
    this.nameMatch = 'none'
    this.relation = undefined
    this.onward = undefined
    this.mark = 'unverified'
    this.evidence = 'V0'
    this.destination = undefined
    this.retryAfterS = undefined
    this.warning = undefined
    this.rewrite = undefined
    this.inspectors = undefined
    this.need = undefined
    this.observed = undefined
    this.userFacts = undefined
  }

  /** Ends the decision: `return context.deny(…)`. */
  deny(code: PolicyCode, detail: string, source?: string): PolicyCode {
    this.detail = detail
    this.source = source
    return code
  }

  /** An object in mode observe would have refused: noted, not enforced. So many that the record stays small. */
  observe(rule: string, code: PolicyCode, detail: string, source: string): void {
    this.observed ??= []
    if (this.observed.length < MAX_OBSERVED) this.observed.push({ rule, code, detail, source })
  }

  /** The rule does not concern this message: `return context.skip()`. */
  skip(): undefined {
    this.isApplicable = false
    return undefined
  }

  /** SRV evidence for `domain`; undefined after noting that it is needed, and then the rule returns. */
  srv(domain: string): SrvEvidence | undefined {
    const evidence = this.input.srv(domain)
    if (evidence === undefined) this.need = { need: 'srv', domain }
    return evidence
  }

  /** What holds for an internal user; undefined after noting that their facts are needed, and then the rule returns. */
  factsOf(user: string, domain: string): EffectiveFacts | undefined {
    const facts = factsOf(this.snapshot, user, domain, this.input)
    if (facts === undefined) this.need = { need: 'facts', user: userKey(user, domain) }
    return facts
  }
}

/** One rule of architecture §4: a code to refuse with, or undefined to let the next one speak. */
export interface Rule {
  readonly name: string
  readonly apply: (context: RuleContext) => PolicyCode | undefined
}
