import { parseNameAddr } from '../header/name-addr.ts'
import { createRequest } from '../message/create-request.ts'
import type { SipRequest } from '../message/sip-request.ts'
import type { SipResponse } from '../message/sip-response.ts'
import { toRequestUri } from '../uri/uri-parts.ts'
import { type DialogId, dialogIdOf } from './dialog-id.ts'

/** Methods whose Contact becomes the new remote target (RFC 3261 §12.2, RFC 3311, RFC 6665 §4.4.1). */
const REFRESH_METHODS: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY'])

/** Everything that is needed to go on with a dialog elsewhere; plain data. */
export interface DialogState {
  readonly id: DialogId
  /** From and To of our requests, as header values. */
  readonly localParty: string
  readonly remoteParty: string
  readonly remoteTarget: string
  /** Route values of our requests, top first. */
  readonly routeSet: readonly string[]
  readonly localSequence: number
  readonly remoteSequence: number | undefined
}

/** A request inside a dialog, still without Via, and where it goes. */
export interface DialogRequest {
  readonly request: SipRequest
  readonly nextHopUri: string
}

/** What one end of a dialog has to remember (RFC 3261 §12). Made by `ofReceived` and `ofSent`. */
export class Dialog {
  readonly id: DialogId
  readonly #localParty: string
  readonly #remoteParty: string
  readonly #routeSet: readonly string[]
  #remoteTarget: string
  #localSequence: number
  #remoteSequence: number | undefined

  private constructor(state: DialogState) {
    this.id = state.id
    this.#localParty = state.localParty
    this.#remoteParty = state.remoteParty
    this.#routeSet = state.routeSet
    this.#remoteTarget = state.remoteTarget
    this.#localSequence = state.localSequence
    this.#remoteSequence = state.remoteSequence
  }

  /**
   * RFC 3261 §12.1.1: the dialog of a request that we received and answer with `response`, whose To has our tag.
   * `undefined` when one of the two cannot make a dialog (no tag, no Contact, no CSeq).
   */
  static ofReceived(request: SipRequest, response: SipResponse): Dialog | undefined {
    const id = dialogIdOf(response, 'to')
    const remoteTarget = contactUri(request)
    const cseq = request.cseq()
    if (id === undefined || remoteTarget === undefined || cseq === undefined) return undefined
    return new Dialog({
      id,
      localParty: response.headers.first('to') ?? '',
      remoteParty: request.headers.first('from') ?? '',
      remoteTarget,
      routeSet: request.headers.values('record-route'), // RFC 3261 §12.1.1: in order
      localSequence: 0,
      remoteSequence: cseq.number,
    })
  }

  /** RFC 3261 §12.1.2: the dialog of a request that we sent, made by a 101–299 with a To tag. */
  static ofSent(request: SipRequest, response: SipResponse): Dialog | undefined {
    const id = dialogIdOf(response, 'from')
    const remoteTarget = contactUri(response)
    const cseq = request.cseq()
    if (id === undefined || id.remoteTag === '' || remoteTarget === undefined || cseq === undefined) return undefined
    return new Dialog({
      id,
      localParty: request.headers.first('from') ?? '',
      remoteParty: response.headers.first('to') ?? '',
      remoteTarget,
      routeSet: response.headers.values('record-route').reverse(), // RFC 3261 §12.1.2: in reverse order
      localSequence: cseq.number,
      remoteSequence: undefined,
    })
  }

  /**
   * Goes on with a dialog that another process had. What it sent since the state was written is unknown: give a `localSequence` above
   * anything it can have used. RFC 3261 §12.2.2: a gap is no error.
   */
  static restore(state: DialogState): Dialog {
    return new Dialog(state)
  }

  state(): DialogState {
    return {
      id: this.id,
      localParty: this.#localParty,
      remoteParty: this.#remoteParty,
      remoteTarget: this.#remoteTarget,
      routeSet: this.#routeSet,
      localSequence: this.#localSequence,
      remoteSequence: this.#remoteSequence,
    }
  }

  get remoteTarget(): string {
    return this.#remoteTarget
  }

  /**
   * RFC 3261 §12.2.1.1: the next request of this end; an ACK takes the number of the INVITE it is for (§13.2.2.4).
   * Add Via before sending.
   */
  createRequest(
    method: string,
    headers: readonly (readonly [string, string])[] = [],
    options: { readonly body?: Uint8Array; readonly ackOf?: number } = {},
  ): DialogRequest {
    if (method !== 'ACK') this.#localSequence++
    const number = options.ackOf ?? this.#localSequence
    const { requestUri, routes, nextHopUri } = this.#path()
    const all: (readonly [string, string])[] = routes.map((route) => ['Route', route] as const)
    all.push(
      ['Max-Forwards', '70'],
      ['From', this.#localParty],
      ['To', this.#remoteParty],
      ['Call-ID', this.id.callId],
      ['CSeq', `${number} ${method}`],
      ...headers,
      ['Content-Length', String(options.body?.length ?? 0)],
    )
    return { request: createRequest(method, requestUri, all, options.body), nextHopUri }
  }

  /**
   * RFC 3261 §12.2.2: takes a request of the other end in. `out-of-order`: answer 500. The remote target follows the
   * Contact of a target refresh; ACK and CANCEL carry the number of their INVITE and are always in order.
   */
  handleRequest(request: SipRequest): 'in-order' | 'out-of-order' {
    const number = request.cseq()?.number ?? 0
    if (request.method !== 'ACK' && request.method !== 'CANCEL') {
      if (this.#remoteSequence !== undefined && number <= this.#remoteSequence) return 'out-of-order'
      this.#remoteSequence = number
    }
    if (REFRESH_METHODS.has(request.method)) this.#remoteTarget = contactUri(request) ?? this.#remoteTarget
    return 'in-order'
  }

  /** RFC 3261 §12.2.1.2: a 2xx to our own target refresh moves the remote target. */
  handleResponse(response: SipResponse): void {
    const method = response.cseq()?.method
    if (method === undefined || response.status < 200 || response.status > 299 || !REFRESH_METHODS.has(method)) return
    this.#remoteTarget = contactUri(response) ?? this.#remoteTarget
  }

  /** RFC 3261 §12.2.1.1: loose routes stay in Route; a strict first one goes into the Request-URI and pushes the target to the end. */
  #path(): { requestUri: string; routes: readonly string[]; nextHopUri: string } {
    const [first, ...rest] = this.#routeSet
    const route = first === undefined ? undefined : parseNameAddr(first)
    if (route === undefined) return { requestUri: this.#remoteTarget, routes: this.#routeSet, nextHopUri: this.#remoteTarget }
    if (route.sipUri?.params.has('lr') === true) {
      return { requestUri: this.#remoteTarget, routes: this.#routeSet, nextHopUri: route.uri }
    }
    return { requestUri: toRequestUri(route.uri, route.sipUri), routes: [...rest, `<${this.#remoteTarget}>`], nextHopUri: route.uri }
  }
}

function contactUri(message: SipRequest | SipResponse): string | undefined {
  return message.contacts()[0]?.uri
}
