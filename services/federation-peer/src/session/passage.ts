import type { Decision, EdgeSide, EnvelopeKind, Mark, MessageContent, PeerClass, PeerIdentity } from '@gatehouse/im-model'
import { type DecisionInput, type SrvEvidence, type UserFacts, userKey } from '@gatehouse/policy-engine'
import type { Relay, ServerTransaction, SipRequest } from '@gatehouse/sip-core'
import type { StagedSpan } from '@gatehouse/telemetry'
import { carriedContent } from '../admit/carried-content.ts'
import type { EdgeConnection } from '../edge/connection.ts'
import { enterStage } from './message-trace.ts'

/** Where a request stands on its way through the gate; the order is the order of the stages. */
export type Stage = 'identify' | 'admit' | 'inspect' | 'record' | 'route' | 'deliver' | 'wait' | 'done'

/**
 * One request on its way through the gate: what came in, what was decided, what became of it.
 * It is the decision's input itself, so that nothing is copied per message.
 */
export class Passage implements DecisionInput {
  stage: Stage = 'identify'
  /** When it came to the stage that is being measured. */
  stageAtMs: number
  /** Undefined for an ACK to a 2xx, which is no transaction of its own (RFC 3261 §17). */
  readonly transaction: ServerTransaction | undefined
  readonly connection: EdgeConnection
  readonly request: SipRequest
  readonly nowMs: number
  readonly side: EdgeSide
  readonly peer: PeerIdentity
  readonly bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined
  readonly #cachedSrv: (domain: string) => SrvEvidence | undefined
  /** What DNS said when this passage had to wait for it; holds even when the answer may not be cached. */
  #lookedUp: { readonly domain: string; readonly evidence: SrvEvidence } | undefined = undefined
  readonly #cachedFacts: (user: string) => UserFacts | undefined
  /** Facts this passage had to wait for; a wall between two of our users asks for two. */
  #lookedUpFacts: Map<string, UserFacts> | undefined = undefined
  readonly method: string
  kind: EnvelopeKind = 'other'
  fromUser = ''
  fromDomain = ''
  toUser = ''
  toDomain = ''
  callId = ''
  assertedDomains: readonly string[] = NONE
  assertedMark: Mark | undefined = undefined
  isInDialog = false
  /** It is for a dialog of the endpoint: the Request-URI is a Contact of ours. */
  endsHere = false
  /** `user@domain` of the sender: key of its budget of open transactions, and its address on record. */
  budgetKey = ''
  /** Replaced once, when inspectors had their say. */
  decision: Decision | undefined = undefined
  /** What DNS had said, as far as a rule asked. */
  usedSrv: UsedSrv[] = NONE_USED
  /** What was known of internal users, as far as a rule asked. */
  usedFacts: readonly UsedFacts[] = NO_FACTS
  /** Envelope id of the archive entry, when one was made. */
  envelopeId: Uint8Array | undefined = undefined
  /** Couples it with the transaction towards the next hop. */
  relay: Relay | undefined = undefined
  /** The connection it was handed over on. */
  link: EdgeConnection | undefined = undefined
  /** Index of the next check of `admit/pipeline.ts`. */
  nextCheck = 0
  holdsBudget = false
  /** Of a message that is followed; most are not. */
  trace: StagedSpan | undefined = undefined

  constructor(
    transaction: ServerTransaction | undefined,
    request: SipRequest,
    connection: EdgeConnection,
    bound: Passage['bound'],
    evidence: CachedEvidence,
    nowMs: number,
  ) {
    this.transaction = transaction
    this.connection = connection
    this.request = request
    this.method = request.method
    this.side = connection.side
    this.peer = connection.peer
    this.bound = bound
    this.#cachedSrv = evidence.srv
    this.#cachedFacts = evidence.facts
    this.nowMs = nowMs
    this.stageAtMs = nowMs
  }

  /** It goes on to its next stage. */
  enter(stage: Stage): void {
    this.stage = stage
    if (this.trace !== undefined) enterStage(this.trace, stage)
  }

  /** What the rules ask; each answer stays for the receipt. */
  srv(domain: string): SrvEvidence | undefined {
    const evidence = this.#lookedUp?.domain === domain ? this.#lookedUp.evidence : this.#cachedSrv(domain)
    if (evidence !== undefined) this.#noteUsed(domain, evidence)
    return evidence
  }

  #noteUsed(domain: string, evidence: SrvEvidence): void {
    for (let at = 0; at < this.usedSrv.length; at++) {
      if (this.usedSrv[at]?.domain !== domain) continue
      this.usedSrv[at] = { domain, evidence }
      return
    }
    if (this.usedSrv === NONE_USED) this.usedSrv = []
    this.usedSrv.push({ domain, evidence })
  }

  content(): MessageContent | undefined {
    return carriedContent(this.request)
  }

  keepEvidence(domain: string, evidence: SrvEvidence): void {
    this.#lookedUp = { domain, evidence }
  }

  /** What the rules ask; the last answer on each user stays for the receipt. */
  facts(user: string): UserFacts | undefined {
    const facts = this.#lookedUpFacts?.get(user) ?? this.#cachedFacts(user)
    if (facts === undefined || this.usedFacts.some((used) => used.user === user && used.facts === facts)) return facts
    const sender = userKey(this.fromUser, this.fromDomain)
    const counterpart = sender === user ? userKey(this.toUser, this.toDomain) : sender
    this.usedFacts = [...this.usedFacts.filter((used) => used.user !== user), { user, facts, counterpart }]
    return facts
  }

  keepFacts(user: string, facts: UserFacts): void {
    this.#lookedUpFacts ??= new Map()
    this.#lookedUpFacts.set(user, facts)
  }
}

/** What is known now, without waiting. */
export interface CachedEvidence {
  readonly srv: (domain: string) => SrvEvidence | undefined
  readonly facts: (user: string) => UserFacts | undefined
}

interface UsedSrv {
  readonly domain: string
  readonly evidence: SrvEvidence
}

interface UsedFacts {
  readonly user: string
  readonly facts: UserFacts
  readonly counterpart: string
}

const NO_FACTS: readonly UsedFacts[] = []
const NONE: readonly string[] = []
/** Of most messages, which need no DNS; never written to. */
const NONE_USED: UsedSrv[] = []
