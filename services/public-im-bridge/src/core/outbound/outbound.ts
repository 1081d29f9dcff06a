import { type Delivery, endTaking, failedOutcome, takingStage } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { Tracer } from '@gatehouse/telemetry'
import { bridgeCodes } from '../../errors.ts'
import type { AccountBook } from '../accounts/account-book.ts'
import type { AccountKeeper } from '../accounts/account-keeper.ts'
import { pairKey } from '../conversation-key.ts'
import { ConversationQueues } from '../conversation-queues.ts'
import type { NetworkHost } from '../host/network-host.ts'
import type { BridgeOutbox } from '../outbox/bridge-outbox.ts'
import { isAway } from '../outbox/is-away.ts'
import type { Origin } from '../outbox/waiting-delivery.ts'
import { RecentMap } from '../recent-map.ts'
import type { Frame } from './hand-over.ts'
import { handOver } from './hand-over.ts'
import { chooseNetwork } from './network-choice.ts'

const MOST_WAITING = 100
/** Deliveries whose outcome is remembered: who asks again with the same id is told, and nothing is sent twice. */
const REMEMBERED = { most: 50_000, lifetimeMs: 600_000 }
/** Nobody waits longer, whatever the asker says. */
const LONGEST_MS = 60_000
/** The part of its time in which a message that may wait is tried, so that its asker hears that it was kept. */
const TRIED_OF_TIME = 0.8
const FROM_SIP: Origin = { side: 'internal', method: 'MESSAGE' }
const NOBODY_CODES: ReadonlySet<string> = new Set(['GH-DELIVERY-NOBODY'])
/** So long a message waits for an account that moves from one replica to another; one that stops gives its accounts up within moments. */
const MOVE_MS = 3_000
const LOOK_AGAIN_MS = 25
const TOO_MUCH = 'Too much of this conversation is under way.'
const MOVING = 'GH-BRIDGE-ACCOUNT-MOVING'

export interface OutboundDeps {
  readonly replica: string
  readonly hosts: ReadonlyMap<string, NetworkHost>
  readonly book: Pick<AccountBook, 'of'>
  readonly keeper: Pick<AccountKeeper, 'holderOf' | 'use'>
  /** Who owns a domain on a network of servers, among the replicas that run the network. */
  readonly ownerOf: (network: string, domain: string) => string | undefined
  /** A replica did not answer for its deliveries. */
  readonly suspect: (replica: string) => void
  /** Asks another replica by its own subject. */
  readonly forward: (replica: string, port: string, delivery: Delivery) => Promise<DeliveryOutcome>
  readonly outbox: Pick<BridgeOutbox, 'mayWait' | 'isBehind' | 'take'>
  /** What went over, so that its echo is known. */
  readonly sent: (network: string, account: string, remoteId: string) => void
  /** `traceId`: of one that is followed. */
  readonly delivered: (network: string, kind: string, outcome: DeliveryOutcome, durationMs: number, traceId: string | undefined) => void
  readonly tracer: Tracer
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** The way out to a network: find it, find the replica that owns the account or domain, keep the order, hand over. */
export class Outbound {
  readonly #deps: OutboundDeps
  readonly #queues = new ConversationQueues(MOST_WAITING)
  /** Messages of one conversation look for their account one after the other, so that none overtakes one that waits for it. */
  readonly #seekers = new ConversationQueues(MOST_WAITING)
  readonly #outcomes = new RecentMap<Promise<DeliveryOutcome>>(REMEMBERED)

  constructor(deps: OutboundDeps) {
    this.#deps = deps
  }

  /** Never rejects. `port`: of the subject it came by. */
  async deliver(port: string, delivery: Delivery): Promise<DeliveryOutcome> {
    const span = this.#deps.tracer.resume(delivery.trace, ...takingStage(port))
    if (span === undefined) return await this.#deliver(port, delivery, undefined)
    return endTaking(span, await this.#deliver(port, { ...delivery, trace: span.context }, span.context.traceId))
  }

  async #deliver(port: string, delivery: Delivery, traceId: string | undefined): Promise<DeliveryOutcome> {
    const startedMs = this.#deps.nowMs()
    const host = chooseNetwork(this.#deps.hosts.values(), delivery.destination, port)
    if (host === undefined) return failedOutcome(bridgeCodes, 'GH-BRIDGE-NO-NETWORK', `For ${delivery.destination.domain} over ${port}.`)
    const outcome = await this.#inTurn(host, port, delivery, startedMs)
    this.#deps.delivered(host.name, delivery.envelope.content.kind, outcome, this.#deps.nowMs() - startedMs, traceId)
    return outcome
  }

  #inTurn(host: NetworkHost, port: string, delivery: Delivery, startedMs: number): Promise<DeliveryOutcome> {
    if (host.kind === 'servers' || delivery.forwardedBy !== '') return this.#toOwner(host, port, delivery, startedMs)
    const { from, to } = delivery.envelope
    const queued = this.#seekers.run(`${host.name} ${pairKey(from, to)}`, () => this.#toOwner(host, port, delivery, startedMs))
    return queued ?? Promise.resolve(failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY', TOO_MUCH))
  }

  async #toOwner(host: NetworkHost, port: string, delivery: Delivery, startedMs: number): Promise<DeliveryOutcome> {
    const timeMs = Math.min(LONGEST_MS, Math.max(1, delivery.timeoutMs))
    const deadlineMs = startedMs + (this.#mayWait(delivery) ? timeMs * TRIED_OF_TIME : timeMs)
    if (delivery.forwardedBy !== '') return await this.#once(host, delivery, deadlineMs)
    const lookUntilMs = startedMs + Math.min(timeMs * TRIED_OF_TIME, MOVE_MS)
    for (;;) {
      const owner = this.#ownerFor(host, delivery)
      const outcome = typeof owner === 'string' ? await this.#by(owner, host, port, delivery, deadlineMs) : owner
      const isNobody = typeof owner === 'string' && NOBODY_CODES.has(outcome.code)
      if (isNobody) {
        // it starts, stops or is dead, and surely has nothing of this
        this.#deps.suspect(owner)
        if (host.kind === 'servers') return await this.#once(host, delivery, deadlineMs)
      } else if (outcome.code !== MOVING) return outcome
      if (this.#deps.nowMs() >= lookUntilMs) return await this.#orWait(delivery, isNobody ? awayWith(owner) : outcome)
      await this.#deps.pause(LOOK_AGAIN_MS)
    }
  }

  #by(owner: string, host: NetworkHost, port: string, delivery: Delivery, deadlineMs: number): Promise<DeliveryOutcome> {
    if (owner === this.#deps.replica) return this.#once(host, delivery, deadlineMs)
    return this.#deps.forward(owner, port, { ...delivery, forwardedBy: this.#deps.replica })
  }

  /** Name of the replica, or why there is none. */
  #ownerFor(host: NetworkHost, delivery: Delivery): string | DeliveryOutcome {
    const { book, keeper, ownerOf, replica } = this.#deps
    if (host.kind === 'servers') return ownerOf(host.name, delivery.destination.domain) ?? replica
    const account = book.of(host.name, delivery.envelope.from)
    if (account === undefined) {
      const { user, domain } = delivery.envelope.from
      return failedOutcome(bridgeCodes, 'GH-BRIDGE-NO-ACCOUNT', `${user}@${domain} on ${host.name}.`)
    }
    const holder = keeper.holderOf(account.id)
    return holder ?? failedOutcome(bridgeCodes, MOVING, `${account.login} on ${host.name} is connected nowhere.`)
  }

  /** An outbox, or an asker that lost our answer, comes again with the same id: it is told what became of it, unless that surely failed. */
  #once(host: NetworkHost, delivery: Delivery, deadlineMs: number): Promise<DeliveryOutcome> {
    // an outbox does one at a time, and means it when it comes again
    if (delivery.waited === true) return this.#queue(host, delivery, deadlineMs)
    const nowMs = this.#deps.nowMs()
    const key = Buffer.from(delivery.envelope.id).toString('latin1')
    const before = this.#outcomes.get(key, nowMs)
    if (before !== undefined) return before
    const outcome = this.#queue(host, delivery, deadlineMs)
    this.#outcomes.set(key, outcome, nowMs)
    outcome.then(
      ({ status, isCertain }) => {
        if (status === 'failed' && isCertain) this.#outcomes.delete(key)
      },
      () => this.#outcomes.delete(key),
    )
    return outcome
  }

  async #queue(host: NetworkHost, delivery: Delivery, deadlineMs: number): Promise<DeliveryOutcome> {
    const { from, to } = delivery.envelope
    const queued = this.#queues.run(`${host.name} ${pairKey(from, to)}`, () => this.#handOverOrWait(host, delivery, deadlineMs))
    return queued === undefined ? failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY', TOO_MUCH) : await queued
  }

  /** Within the order of the conversation: who comes next finds it in the outbox, or over there. */
  async #handOverOrWait(host: NetworkHost, delivery: Delivery, deadlineMs: number): Promise<DeliveryOutcome> {
    const { outbox } = this.#deps
    if (this.#mayWait(delivery) && outbox.isBehind(delivery)) return await outbox.take(delivery, FROM_SIP)
    return await this.#orWait(delivery, await this.#handOver(host, delivery, deadlineMs))
  }

  async #orWait(delivery: Delivery, outcome: DeliveryOutcome): Promise<DeliveryOutcome> {
    return isAway(outcome) && this.#mayWait(delivery) ? await this.#deps.outbox.take(delivery, FROM_SIP) : outcome
  }

  /** Those from partners by SIP wait at the edge: their certificate, without which nothing can be decided again, does not come along. */
  #mayWait(delivery: Delivery): boolean {
    return delivery.decision.direction !== 'inbound' && this.#deps.outbox.mayWait(delivery)
  }

  async #handOver(host: NetworkHost, delivery: Delivery, deadlineMs: number): Promise<DeliveryOutcome> {
    const { connector } = host
    if (connector === undefined) return failedOutcome(bridgeCodes, 'GH-BRIDGE-NO-NETWORK', `${host.name} is not started.`)
    // it waited behind others for so long that nobody listens any more
    if (this.#deps.nowMs() >= deadlineMs) return failedOutcome(bridgeCodes, 'GH-BRIDGE-BUSY', 'It waited too long for those before it.')
    const { content, ...envelope } = delivery.envelope
    const account = host.kind === 'accounts' ? this.#deps.book.of(host.name, envelope.from) : undefined
    const use = host.kind === 'servers' ? undefined : account === undefined ? 'away' : this.#deps.keeper.use(account.id)
    if (use === 'away' || use === 'moving') {
      const code = use === 'away' ? 'GH-BRIDGE-ACCOUNT-AWAY' : MOVING
      return failedOutcome(bridgeCodes, code, `${account?.login ?? 'It'} is not connected.`)
    }
    const frame: Frame = {
      envelope,
      side: delivery.destination.to === 'inside' ? 'internal' : 'external',
      account: account?.id,
      mark: delivery.decision.mark,
      evidence: delivery.decision.evidence,
      deadlineMs,
      ...(delivery.waited === true ? { waited: true } : {}),
    }
    const span = this.#deps.tracer.resume(delivery.trace, `send ${host.protocol}`, 'client', { 'gatehouse.network': host.name })
    const outcome = await handOver(connector, frame, content, (call) => host.guard(deadlineMs, call)).finally(() => use?.release())
    if (span !== undefined) endTaking(span, outcome)
    if (outcome.remoteId !== '') this.#deps.sent(host.name, account?.id ?? '', outcome.remoteId)
    return outcome
  }
}

/** An account cannot be used elsewhere before the claim of a dead replica has run out. */
function awayWith(owner: string): DeliveryOutcome {
  return failedOutcome(bridgeCodes, 'GH-BRIDGE-ACCOUNT-AWAY', `${owner} has it and does not answer.`)
}
