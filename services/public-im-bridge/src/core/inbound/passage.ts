import type { Incoming } from '@gatehouse/bridge-kit'
import {
  type Decision,
  type EdgeSide,
  type EnvelopeKind,
  type ImContent,
  type MessageContent,
  NOBODY,
  type PeerClass,
  type PeerIdentity,
} from '@gatehouse/im-model'
import { type BridgeEvidence, type DecisionInput, type SrvEvidence, type UserFacts, userKey } from '@gatehouse/policy-engine'
import type { StagedSpan } from '@gatehouse/telemetry'
import { contentOf } from './message-text.ts'

/** A home system that its connector has authenticated. */
export const HOME: PeerIdentity = { ...NOBODY, isAuthenticated: true }

/** What a home system's connection is bound to. */
export const INSIDE = { peerClass: 'inside', partner: 'inside' } as const

export interface UsedSrv {
  readonly domain: string
  readonly evidence: SrvEvidence
}

export interface UsedFacts {
  readonly user: string
  readonly facts: UserFacts
  readonly counterpart: string
}

/** What is known now, without waiting; undefined: it has to be looked up. */
export interface KnownEvidence {
  srv(domain: string): SrvEvidence | undefined
  facts(user: string): UserFacts | undefined
}

/** One event on its way from a network into the gate: what came, what was decided. It is the decision's input itself. */
export class Passage implements DecisionInput {
  readonly id: Uint8Array
  readonly event: Incoming
  readonly nowMs: number
  readonly side: EdgeSide
  readonly kind: EnvelopeKind
  readonly method: string
  readonly fromUser: string
  readonly fromDomain: string
  readonly toUser: string
  readonly toDomain: string
  readonly conversation: string
  readonly peer: PeerIdentity
  readonly bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined
  readonly bridge: BridgeEvidence
  readonly assertedDomains: readonly string[] = []
  readonly assertedMark = undefined
  readonly isInDialog = false
  readonly #known: KnownEvidence
  readonly #lookedUpSrv = new Map<string, SrvEvidence>()
  readonly #lookedUpFacts = new Map<string, UserFacts>()
  usedSrv: readonly UsedSrv[] = []
  usedFacts: readonly UsedFacts[] = []
  decision: Decision | undefined = undefined
  /** What goes on: as it came, or as policy changed it. */
  content: () => MessageContent | undefined
  passedOn: ImContent
  isOnRecord = false
  /** Of an event that is followed; most are not. */
  trace: StagedSpan | undefined = undefined

  constructor(parts: {
    readonly id: Uint8Array
    readonly event: Incoming
    readonly protocol: string
    readonly conversation: string
    readonly nowMs: number
    readonly known: KnownEvidence
  }) {
    const { event } = parts
    this.id = parts.id
    this.event = event
    this.nowMs = parts.nowMs
    this.side = event.side
    this.kind = event.content.kind
    this.method = event.method
    this.fromUser = event.from.user
    this.fromDomain = event.from.domain
    this.toUser = event.to.user
    this.toDomain = event.to.domain
    this.conversation = parts.conversation
    this.peer = event.source.peer ?? (event.side === 'internal' ? HOME : NOBODY)
    this.bound = event.side === 'internal' ? INSIDE : undefined
    this.bridge = { protocol: parts.protocol, evidence: event.evidence.class }
    this.#known = parts.known
    const content = contentOf(event.content)
    this.content = () => content
    this.passedOn = event.content
  }

  get fromAddress(): string {
    return `${this.fromUser}@${this.fromDomain}`
  }

  get toAddress(): string {
    return `${this.toUser}@${this.toDomain}`
  }

  /** What the rules ask; the last answer on each domain stays for the receipt. */
  srv(domain: string): SrvEvidence | undefined {
    const evidence = this.#lookedUpSrv.get(domain) ?? this.#known.srv(domain)
    if (evidence !== undefined) this.usedSrv = [...this.usedSrv.filter((used) => used.domain !== domain), { domain, evidence }]
    return evidence
  }

  /** The same on users. */
  facts(user: string): UserFacts | undefined {
    const facts = this.#lookedUpFacts.get(user) ?? this.#known.facts(user)
    if (facts === undefined) return undefined
    const sender = userKey(this.fromUser, this.fromDomain)
    const counterpart = sender === user ? userKey(this.toUser, this.toDomain) : sender
    this.usedFacts = [...this.usedFacts.filter((used) => used.user !== user), { user, facts, counterpart }]
    return facts
  }

  keepSrv(domain: string, evidence: SrvEvidence): void {
    this.#lookedUpSrv.set(domain, evidence)
  }

  keepFacts(user: string, facts: UserFacts): void {
    this.#lookedUpFacts.set(user, facts)
  }
}
