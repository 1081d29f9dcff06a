import type { Decision, Destination } from '@gatehouse/im-model'
import type { OutboxCode } from '@gatehouse/outbox'
import { type EvidenceNeeded, failedFacts, noteResponse, type TraceExchange, userKey } from '@gatehouse/policy-engine'
import {
  createResponse,
  failureStatus,
  markSource,
  Relay,
  type RelayOwner,
  type SipRequest,
  type SipResponse,
  type TargetFailure,
} from '@gatehouse/sip-core'
import { traceFacts } from '@gatehouse/telemetry'
import { ALLOWED_METHODS, checkAddressee, checkPolicy, checkRoute, checkSender, refusalOf } from '../admit/checks.ts'
import { inspect } from '../admit/inspect.ts'
import { admit } from '../admit/pipeline.ts'
import { type Refusal, refuse } from '../admit/refusal.ts'
import { ownAnswer } from '../deliver/own-answer.ts'
import type { EdgeConnection } from '../edge/connection.ts'
import type { AnswerDesk } from '../endpoint/sip-receiver.ts'
import { goesOnRecord } from '../record/goes-on-record.ts'
import { affinityOf } from '../route/affinity.ts'
import { isBySip, type LinkDestination } from '../route/link-targets.ts'
import { stateOf } from './connection-state.ts'
import type { GateDeps } from './gate-deps.ts'
import { beginTrace, endTrace, isServerFailure, noteDecision, tellNextHop } from './message-trace.ts'
import { type CachedEvidence, Passage } from './passage.ts'
import type { Session } from './session.ts'

const MAX_DOMAINS_REMEMBERED = 32
/** RFC 3261 §21.4.5: the user does not exist. */
const UNKNOWN_USER = 404
/** Final answers of the inside that tell whether a user exists: Forbidden, Not Found, Gone, Does Not Exist Anywhere. */
const LOOKS_UNKNOWN: ReadonlySet<number> = new Set([403, 404, 410, 604])
/** RFC 3428 §7: it will be tried, and is not delivered yet. */
const ACCEPTED = 202
const NO_FACTS_SERVICE = failedFacts('no facts service')

/**
 * The way of one request, stage by stage (architecture §3): identify → admit (→ inspect) → record → route → deliver → answer.
 * Every stage either calls the next one or answers; a stage that has to wait is called back and goes on where it was.
 */
export class Gate implements RelayOwner, AnswerDesk {
  readonly evidence: CachedEvidence
  readonly #deps: GateDeps
  readonly #session: Session

  constructor(session: Session, deps: GateDeps) {
    this.#session = session
    this.#deps = deps
    const { srv, facts } = deps
    this.evidence = {
      srv: (domain) => srv.srv(domain),
      facts: facts === undefined ? () => NO_FACTS_SERVICE : (user) => facts.facts(user),
    }
  }

  /** A new request. Its connection's certificate was judged when it was opened: that is the identify stage. */
  enter(passage: Passage): void {
    passage.stage = 'admit'
    // RFC 3261 §18.2.1. The transaction has its key already, so the Via need not be read again.
    markSource(passage.request, passage.connection.remote.address, passage.connection.remote.port)
    if (passage.transaction !== undefined) {
      passage.relay = new Relay(this.#session.layer, passage.transaction, this.#deps.identity, this)
    }
    if (passage.method === 'OPTIONS' && this.#isForUs(passage.request)) return this.#answerOptions(passage)
    passage.trace = beginTrace(passage, this.#deps.tracer)
    this.#admit(passage)
  }

  // ── RelayOwner: what became of the request at the next hop ──

  onTargetFailed(relay: Relay, why: TargetFailure, nowMs: number): 'retry' | number {
    const passage = relay.server.context as Passage
    relay.client = undefined
    if (why === 'timeout') this.#refuse(passage, refuse('GH-PEER-NO-ANSWER'), nowMs)
    else if (why === 'connection-lost') this.#refuse(passage, refuse('GH-PEER-LINK-LOST'), nowMs)
    else if (this.#deps.outbox?.mayWait(passage) === true) this.#wait(passage, passage.decision?.destination as LinkDestination)
    else this.#refuse(passage, { ...refuse('GH-PEER-NEXT-HOP-AWAY', 'It answered 503.'), status: failureStatus(why) }, nowMs)
    return 'retry' // answered above, with the reason for the inside; there is no other target to try
  }

  /**
   * Outside, a user the home server does not know, or does not let be reached, looks like one that policy withholds (lcs-edge §15,
   * item 5): same status, same headers. Only in answers that begin something; inside a dialog the user is known.
   */
  replaceFinal(relay: Relay, response: SipResponse): SipResponse | undefined {
    const passage = relay.server.context as Passage
    if (passage.side !== 'external' || passage.isInDialog || !LOOKS_UNKNOWN.has(response.status)) return undefined
    const to = `${passage.toUser}@${passage.toDomain}`
    this.#deps.log.debug(
      { callId: passage.callId, to, status: response.status, ...traceFacts(passage.trace?.span) },
      'answered outside as an unknown user',
    )
    return createResponse(passage.request, UNKNOWN_USER, undefined, { toTag: this.#deps.newTag() })
  }

  onUpstream(relay: Relay, response: SipResponse): void {
    this.#deps.forwarder.crossBack(relay.server.context as Passage, response)
  }

  onSettled(relay: Relay, status: number, nowMs: number): void {
    this.#finish(relay.server.context as Passage, status, nowMs)
  }

  /**
   * A request that nobody answers: ACK to a 2xx (RFC 3261 §16.11) and Microsoft's BENOTIFY. Judged and routed like any other,
   * but without a transaction; refused means dropped.
   */
  passUnanswered(connection: EdgeConnection, request: SipRequest, nowMs: number): void {
    this.#judgeUnanswered(new Passage(undefined, request, connection, stateOf(connection).bound, this.evidence, nowMs))
  }

  #judgeUnanswered(passage: Passage): void {
    const { admission, log, links, targets, forwarder } = this.#deps
    const refusal = checkSender(passage) ?? checkRoute(passage, admission) ?? checkAddressee(passage) ?? checkPolicy(passage, admission)
    if (refusal !== undefined && 'need' in refusal) {
      return this.#fetch(passage, refusal, () => this.#judgeUnanswered(passage))
    }
    const destination = passage.decision?.destination
    const drop = (code: string): void => log.debug({ code, method: passage.method, callId: passage.callId }, 'unanswered request dropped')
    if (refusal !== undefined || destination === undefined) return drop(refusal?.code ?? 'GH-PEER-NO-ADDRESS')
    if (!isBySip(destination)) return this.#deps.receiver.takeUnanswered(passage, destination)
    if (passage.endsHere) return drop('GH-PEER-NO-DIALOG')
    links.acquire(
      targets.of(destination),
      (link) => {
        const forwarded = forwarder.prepare(passage, destination)
        if ('branch' in forwarded) this.#session.send(link.id, forwarded.request)
        else drop(forwarded.code)
      },
      (failure) => drop(failure.code),
      affinityOf(passage.callId),
    )
  }

  /** The transaction is over and its memory is given back. */
  leave(passage: Passage): void {
    if (passage.holdsBudget) this.#deps.admission.budget.give(passage.budgetKey)
    passage.holdsBudget = false
  }

  // ── stages ──

  #admit(passage: Passage): void {
    const result = admit(passage, this.#deps.admission)
    if (result === undefined) return this.#accepted(passage)
    if (!('need' in result)) {
      this.#deps.echo?.notice(passage)
      return this.#refuse(passage, result, passage.nowMs)
    }
    this.#fetch(passage, result, () => {
      if (passage.stage === 'admit') this.#admit(passage)
    })
  }

  /** Looks up what the decision is missing; it is kept with the passage, so that no passage asks for the same thing twice. */
  #fetch(passage: Passage, needed: EvidenceNeeded, onDone: () => void): void {
    if (needed.need === 'srv') {
      return this.#deps.srv.lookupSrv(needed.domain, (evidence) => {
        passage.keepEvidence(needed.domain, evidence)
        onDone()
      })
    }
    this.#deps.facts?.lookupFacts(needed.user, (facts) => {
      passage.keepFacts(needed.user, facts)
      onDone()
    })
  }

  #accepted(passage: Passage): void {
    const decision = passage.decision as Decision
    const state = stateOf(passage.connection)
    if (passage.side === 'external') {
      // The first accepted message fixes the connection's class (lcs-edge §6.3 step 3).
      state.bound ??= { peerClass: decision.peerClass, partner: decision.partner }
      state.domains ??= new Set()
      if (state.domains.size < MAX_DOMAINS_REMEMBERED) state.domains.add(passage.fromDomain)
    }
    if (passage.trace !== undefined) noteDecision(passage, decision, this.#traceExchange(passage.fromDomain))
    if (decision.inspectors === undefined) this.#record(passage, decision)
    else void this.#inspect(passage)
  }

  /** The one stage that waits for somebody else's program; only messages that policy says are to be shown to it. */
  async #inspect(passage: Passage): Promise<void> {
    passage.enter('inspect')
    const decision = await inspect(passage, this.#deps.askInspector)
    if (passage.stage !== 'inspect') return
    passage.decision = decision
    if (decision.verdict === 'allow') this.#record(passage, decision)
    else this.#refuse(passage, refusalOf(decision), this.#deps.nowMs())
  }

  /** The stage that is measured ends, and the next begins. */
  #leaveStage(passage: Passage, stage: 'admit' | 'record' | 'deliver', nowMs: number): void {
    this.#deps.metrics.stage(stage, nowMs - passage.stageAtMs, passage.trace?.span.context.traceId)
    passage.stageAtMs = nowMs
  }

  #record(passage: Passage, decision: Decision): void {
    passage.enter('record')
    this.#leaveStage(passage, 'admit', this.#deps.nowMs())
    if (decision.archive === 'off' || !goesOnRecord(passage)) return this.#route(passage)
    if (decision.archive === 'bestEffort') {
      this.#deps.recorder.record(passage, undefined)
      return this.#route(passage)
    }
    this.#deps.recorder.record(passage, (failure) => {
      if (passage.stage !== 'record') return
      if (failure === undefined) this.#route(passage)
      else this.#refuse(passage, refuse('GH-PEER-ARCHIVE-AWAY', failure, { retryAfterS: 5 }), this.#deps.nowMs())
    })
  }

  #route(passage: Passage): void {
    passage.enter('route')
    this.#leaveStage(passage, 'record', this.#deps.nowMs())
    if (this.#deps.echo?.takes(passage) === true) {
      passage.stage = 'deliver'
      return this.#deps.echo.take(passage, this)
    }
    const destination = passage.decision?.destination as Destination
    // our own Contact leads to the endpoint and nowhere else; the people behind it have moved since
    if (passage.endsHere && isBySip(destination)) return this.#refuse(passage, refuse('GH-PEER-NO-DIALOG'), this.#deps.nowMs())
    if (this.#deps.outbox?.isBehind(passage, destination) === true) return this.#wait(passage, destination)
    if (!isBySip(destination)) {
      passage.enter('deliver')
      return this.#deps.receiver.take(passage, destination, this)
    }
    this.#deps.links.acquire(
      this.#deps.targets.of(destination),
      (link) => {
        if (passage.stage !== 'route') return
        // one that came before it may have waited for the link in vain, and is in the outbox by now
        if (this.#deps.outbox?.isBehind(passage, destination) === true) this.#wait(passage, destination)
        else this.#deliver(passage, destination, link)
      },
      (failure) => {
        if (passage.stage !== 'route') return
        if (this.#deps.outbox?.mayWait(passage, failure.code) === true) return this.#wait(passage, destination)
        const detail = `${failure.code}: ${failure.detail}`
        this.#refuse(passage, { ...refuse('GH-PEER-NEXT-HOP-AWAY', detail), status: failure.status }, this.#deps.nowMs())
      },
      affinityOf(passage.callId),
    )
  }

  /** The next hop certainly does not have it, and policy says that it may wait. */
  #wait(passage: Passage, destination: Destination): void {
    passage.enter('wait')
    this.#deps.outbox?.take(passage, destination, (refusal) => {
      if (passage.stage !== 'wait') return
      const nowMs = this.#deps.nowMs()
      if (refusal !== undefined) return this.#refuse(passage, refusal, nowMs)
      this.#finish(passage, ACCEPTED, nowMs, 'GH-OUTBOX-QUEUED' satisfies OutboxCode)
      this.#answer(passage, createResponse(passage.request, ACCEPTED, undefined, { toTag: this.#deps.newTag() }), nowMs)
    })
  }

  #deliver(passage: Passage, destination: LinkDestination, link: EdgeConnection): void {
    passage.enter('deliver')
    passage.link = link
    const nowMs = this.#deps.nowMs()
    const forwarded = this.#deps.forwarder.prepare(passage, destination)
    if (!('branch' in forwarded)) return this.#refuse(passage, forwarded, nowMs)
    if (passage.trace !== undefined) tellNextHop(passage, forwarded.request, destination, this.#traceExchange(destination.domain))
    if (destination.to === 'peer') stateOf(link).servedPartner ??= destination.partner
    if (passage.decision?.queue !== undefined) this.#deps.outbox?.seen(destination)
    if (passage.relay?.start(link.id, forwarded.request, nowMs, forwarded.branch) === true)
      this.#session.holdFeederIfFull(link, passage.connection)
    else this.#refuse(passage, refuse('GH-PEER-BUSY', '', { retryAfterS: 5 }), nowMs)
  }

  // ── answers ──

  /** From the endpoint, once: it was taken, or it was not. */
  accept(passage: Passage, response: SipResponse, code?: OutboxCode): void {
    if (passage.stage !== 'deliver') return
    const nowMs = this.#deps.nowMs()
    const { destination, queue } = passage.decision ?? {}
    if (destination !== undefined && queue !== undefined && code === undefined) this.#deps.outbox?.seen(destination)
    if (code !== undefined) this.#finish(passage, response.status, nowMs, code)
    this.#answer(passage, response, nowMs)
  }

  wait(passage: Passage, destination: Destination): boolean {
    if (passage.stage !== 'deliver' || this.#deps.outbox?.mayWait(passage) !== true) return false
    this.#wait(passage, destination)
    return true
  }

  refuse(passage: Passage, refusal: Refusal): void {
    if (passage.stage === 'deliver') this.#refuse(passage, refusal, this.#deps.nowMs())
  }

  #refuse(passage: Passage, refusal: Refusal, nowMs: number): void {
    if (passage.transaction === undefined) return
    stateOf(passage.connection).refused++
    const facts = {
      code: refusal.code,
      reason: refusal.reason,
      status: refusal.status,
      method: passage.method,
      side: passage.side,
      from: `${passage.fromUser}@${passage.fromDomain}`,
      to: `${passage.toUser}@${passage.toDomain}`,
      partner: passage.decision?.partner ?? passage.bound?.partner,
      remote: passage.connection.remote.address,
      fingerprint: passage.peer.fingerprint,
      ...traceFacts(passage.trace?.span),
    }
    this.#deps.log.warn(facts, 'request refused')
    if (
      passage.envelopeId === undefined &&
      passage.decision?.verdict === 'deny' &&
      passage.decision.archive !== 'off' &&
      goesOnRecord(passage)
    ) {
      this.#deps.recorder.record(passage, undefined)
    }
    if (refusal.code === 'GH-POLICY-FIRST-CONTACT') this.#noteHeld(passage)
    const edge = this.#deps.admission.own.of(passage.side).host
    this.#finish(passage, refusal.status, nowMs, refusal.code, refusal.isCertain)
    passage.relay?.refuse(ownAnswer(passage.request, refusal, passage.side, edge, this.#deps.newTag()), nowMs)
  }

  #noteHeld(passage: Passage): void {
    this.#deps.facts?.held({
      user: userKey(passage.toUser, passage.toDomain),
      contact: userKey(passage.fromUser, passage.fromDomain),
      partner: passage.decision?.partner ?? passage.fromDomain,
      envelopeId: passage.envelopeId,
    })
  }

  /** Whoever our user writes to may answer: they become a contact, where policy says so. */
  #noteLearned(passage: Passage, nowMs: number): void {
    if (passage.decision?.direction !== 'outbound' || passage.decision.destination?.to === 'inside' || !goesOnRecord(passage)) return
    if ((this.#deps.admission.snapshot(nowMs)?.users.settings.learnMs ?? 0) === 0) return
    this.#deps.facts?.learned(userKey(passage.fromUser, passage.fromDomain), userKey(passage.toUser, passage.toDomain))
  }

  #answer(passage: Passage, response: SipResponse, nowMs: number): void {
    passage.relay?.refuse(response, nowMs)
  }

  #finish(passage: Passage, status: number, nowMs: number, code = passage.decision?.code ?? '', isCertain?: boolean): void {
    if (passage.stage === 'done') return // a further 2xx of an INVITE (RFC 6026)
    if (passage.stage === 'deliver') this.#leaveStage(passage, 'deliver', nowMs)
    passage.stage = 'done'
    const { decision } = passage
    if (decision !== undefined) {
      for (const { rule, code: observed } of decision.observed ?? []) this.#deps.metrics.observed(rule, observed)
      noteResponse(this.#deps.decisions, decision, passage.peer.fingerprint, status, nowMs)
      if (status >= 200 && status < 300) this.#noteLearned(passage, nowMs)
      if (passage.envelopeId !== undefined && decision.verdict === 'allow') {
        this.#deps.recorder.outcome(passage, status, code, nowMs, isCertain)
      }
    }
    if (decision !== undefined && this.#deps.live?.isWanted(nowMs) === true) this.#tell(passage, decision, status, nowMs)
    this.#deps.metrics.passed({
      direction: decision?.direction ?? 'none',
      peerClass: decision?.peerClass ?? '',
      kind: passage.kind,
      code,
      status,
      durationMs: nowMs - passage.nowMs,
      traceId: passage.trace?.span.context.traceId,
    })
    if (passage.trace !== undefined || isServerFailure(status)) endTrace(passage, status, code, nowMs, this.#deps.tracer)
  }

  /** What a partner and we tell each other of traces. Only asked for messages that are followed. */
  #traceExchange(domain: string): TraceExchange {
    return this.#deps.admission.snapshot(this.#deps.nowMs())?.partners.get(domain)?.traceContext ?? 'none'
  }

  #tell(passage: Passage, decision: Decision, status: number, nowMs: number): void {
    const { method, kind, envelopeId } = passage
    const fromAddress = `${passage.fromUser}@${passage.fromDomain}`
    const toAddress = `${passage.toUser}@${passage.toDomain}`
    this.#deps.live?.tell(decision, { fromAddress, toAddress, method, kind, status, envelopeId }, nowMs)
  }

  #isForUs(request: SipRequest): boolean {
    const uri = request.requestSipUri()
    return uri !== undefined && uri.user === undefined && this.#deps.admission.own.isOwn(uri)
  }

  #answerOptions(passage: Passage): void {
    const headers: readonly (readonly [string, string])[] = [
      ['Allow', ALLOWED_METHODS],
      ['Accept', 'text/plain'],
    ]
    this.#answer(passage, createResponse(passage.request, 200, undefined, { toTag: this.#deps.newTag(), headers }), passage.nowMs)
  }
}
