import type { EdgeSide } from '@gatehouse/im-model'
import {
  type ClientFailure,
  type ClientTransaction,
  type SipRequest,
  type SipResponse,
  type TransactionLayer,
  viaValue,
} from '@gatehouse/sip-core'
import type { LinkFailure, LinkTarget } from '../edge/connection.ts'
import { affinityOf } from '../route/affinity.ts'
import type { LinkDestination, LinkTargets } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { ClientOwner } from '../session/client-owner.ts'

/** What a request of ours came to. */
export type SipAnswer =
  | { readonly ok: true; readonly response: SipResponse }
  /** `no-link`, `busy`: it was not sent. `broken`: the answer makes no sense. The others: the far side may have it. */
  | {
      readonly ok: false
      readonly why: 'no-link' | 'busy' | 'broken' | ClientFailure
      readonly detail: string
      readonly status: number
      /** Why there is no link. */
      readonly code?: string
    }

export interface AgentLinks {
  acquire(
    target: LinkTarget,
    onReady: (link: { readonly id: number }) => void,
    onFailed: (failure: LinkFailure) => void,
    affinity: number,
  ): void
}

export interface UserAgentDeps {
  readonly layer: () => TransactionLayer
  readonly links: AgentLinks
  readonly targets: LinkTargets
  readonly own: OwnNames
  /** Unique per process, and not the forwarder's. */
  readonly branchPrefix: string
  readonly nowMs: () => number
  /** Sends what is no transaction: the ACK to a 2xx (RFC 3261 §13.2.2.4). */
  readonly sendAck: (link: number, ack: SipRequest) => void
}

/** A request that was sent, for as long as it can be cancelled. */
export interface SentRequest {
  /** RFC 3261 §9.1; does nothing unless it is an INVITE that nobody answered. */
  cancel(): void
}

/** The client side of a user agent (RFC 3261 §8.1): sends requests over the link pool and gives each exactly one answer. */
export class UserAgent {
  readonly #deps: UserAgentDeps
  #branches = 0

  constructor(deps: UserAgentDeps) {
    this.#deps = deps
  }

  /** `request` lacks its Via only. `onSurplus`: a further 2xx of an INVITE, from another of the user's phones (RFC 3261 §13.2.2.4). */
  send(
    destination: LinkDestination,
    request: SipRequest,
    onAnswer: (answer: SipAnswer) => void,
    onSurplus?: (response: SipResponse) => void,
  ): SentRequest {
    const call = new Call(onAnswer, onSurplus, () => this.#cancel(call))
    this.#deps.links.acquire(
      this.#deps.targets.of(destination),
      (link) => this.#start(call, destination, link.id, request),
      ({ code, detail, status }) => call.settle({ ok: false, why: 'no-link', code, detail: `${code}: ${detail}`, status }),
      affinityOf(request.callId() ?? ''),
    )
    return call
  }

  /** An ACK to a 2xx: a branch of its own, and no transaction (RFC 3261 §13.2.2.4). */
  acknowledge(destination: LinkDestination, ack: SipRequest): void {
    this.#deps.links.acquire(
      this.#deps.targets.of(destination),
      (link) => {
        this.#addVia(ack, sideOf(destination))
        this.#deps.sendAck(link.id, ack)
      },
      () => undefined, // the far side gives the session up by itself (RFC 3261 §13.3.1.4)
      affinityOf(ack.callId() ?? ''),
    )
  }

  #start(call: Call, destination: LinkDestination, link: number, request: SipRequest): void {
    const branch = this.#addVia(request, sideOf(destination))
    const transaction = this.#deps.layer().startClient(link, request, this.#deps.nowMs(), call, branch)
    if (transaction === undefined) return call.settle({ ok: false, why: 'busy', detail: 'Too many transactions are open.', status: 503 })
    call.transaction = transaction
    if (call.isCancelled) this.#cancel(call)
  }

  #addVia(request: SipRequest, side: EdgeSide): string {
    const branch = `z9hG4bK${this.#deps.branchPrefix}e${(this.#branches++).toString(36)}`
    request.headers.prepend('Via', viaValue(this.#deps.own.of(side), branch))
    return branch
  }

  #cancel(call: Call): void {
    if (call.transaction !== undefined) this.#deps.layer().cancel(call.transaction, this.#deps.nowMs())
  }
}

export function sideOf(destination: LinkDestination): EdgeSide {
  return destination.to === 'inside' ? 'internal' : 'external'
}

class Call implements ClientOwner, SentRequest {
  transaction: ClientTransaction | undefined = undefined
  isCancelled = false
  readonly #onAnswer: (answer: SipAnswer) => void
  readonly #onSurplus: ((response: SipResponse) => void) | undefined
  readonly #onCancel: () => void
  #isSettled = false

  constructor(onAnswer: (answer: SipAnswer) => void, onSurplus: ((response: SipResponse) => void) | undefined, onCancel: () => void) {
    this.#onAnswer = onAnswer
    this.#onSurplus = onSurplus
    this.#onCancel = onCancel
  }

  cancel(): void {
    if (this.#isSettled || this.isCancelled) return
    this.isCancelled = true
    this.#onCancel()
  }

  handleResponse(response: SipResponse): void {
    if (response.status < 200) return
    if (!this.#isSettled) this.settle({ ok: true, response })
    else if (response.status < 300) this.#onSurplus?.(response)
  }

  handleFailure(why: ClientFailure): void {
    this.settle({ ok: false, why, detail: '', status: 504 })
  }

  settle(answer: SipAnswer): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#onAnswer(answer)
  }
}
