import type { Decision, EdgeSide } from '@gatehouse/im-model'
import { type HeaderLine, type ProxyIdentity, prepareForward, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import { carriedContent, replaceContent } from '../admit/carried-content.ts'
import { domainOf } from '../admit/read-addresses.ts'
import type { Refusal } from '../admit/refusal.ts'
import { answerOutward, enterInside, leaveInside, passBetweenPeers } from '../boundary/cross-boundary.ts'
import { TrustLines } from '../boundary/trust-lines.ts'
import type { EdgeConnection } from '../edge/connection.ts'
import type { LinkDestination } from '../route/link-targets.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { RouteToken } from '../route/route-token.ts'
import type { Passage } from '../session/passage.ts'

/** Option tags of Proxy-Require that this proxy honours by passing them on: BENOTIFY needs nothing of a proxy. */
const SUPPORTED_TAGS: ReadonlySet<string> = new Set(['ms-benotify'])

/** Methods that make or refresh a dialog; only there a route of ours has a meaning. */
const MAKES_DIALOG: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE'])

export interface ForwarderDeps {
  readonly own: OwnNames
  readonly identity: ProxyIdentity
  readonly token: RouteToken
  /** Unique per process: starts every branch, so that replicas never make the same one. */
  readonly branchPrefix: string
}

/** A request ready for its next hop, and the branch of our Via on it. */
export interface Forwarded {
  readonly request: SipRequest
  readonly branch: string
}

/** Makes the request that goes on, and the response that goes back: proxy headers by sip-core, boundary headers by us. */
export class Forwarder {
  readonly #deps: ForwarderDeps
  readonly #trustLines: TrustLines
  #branches = 0

  constructor(deps: ForwarderDeps) {
    this.#deps = deps
    this.#trustLines = new TrustLines(deps.own.external.host)
  }

  /** The request for the next hop, or why there is none (Max-Forwards, loop, unknown Proxy-Require). */
  prepare(passage: Passage, destination: LinkDestination): Forwarded | Refusal {
    const ingress = passage.side
    const egress: EdgeSide = destination.to === 'inside' ? 'internal' : 'external'
    const { own } = this.#deps
    const via = own.of(egress)
    const token = MAKES_DIALOG.has(passage.method) ? this.#tokenFor(passage) : undefined
    const prepared = prepareForward(passage.request, {
      identity: this.#deps.identity,
      ingressRecordRoute: token === undefined || ingress === egress ? undefined : own.recordRoute(ingress, token),
      egressRecordRoute: token === undefined ? undefined : own.recordRoute(egress, token),
      egressVia: via,
      branchSeed: `${this.#deps.branchPrefix}${(this.#branches++).toString(36)}`,
      supportedOptionTags: SUPPORTED_TAGS,
    })
    if (!prepared.ok) {
      return {
        code: prepared.code,
        status: prepared.status,
        reason: prepared.reason,
        diagnostics: undefined,
        retryAfterS: undefined,
        headers: prepared.extraHeaders,
      }
    }
    this.#rewrite(prepared.request, passage.decision as Decision)
    this.#cross(prepared.request, passage, destination)
    return prepared
  }

  /** A response on its way back: what the other side says about trust or about itself stays there. */
  crossBack(passage: Passage, response: SipResponse): void {
    const decision = passage.decision as Decision
    if (passage.side === 'internal') enterInside(response, this.#trustLine(decision, passage.link as EdgeConnection))
    else answerOutward(response)
  }

  #rewrite(request: SipRequest, decision: Decision): void {
    if (decision.rewrite === undefined) return
    const before = carriedContent(request)
    if (before !== undefined) replaceContent(request, before, decision.rewrite)
  }

  #cross(request: SipRequest, passage: Passage, destination: LinkDestination): void {
    const decision = passage.decision as Decision
    if (destination.to === 'peer') {
      if (passage.side === 'external') passBetweenPeers(request, decision)
      else leaveInside(request, decision, destination)
    } else if (passage.side === 'external') enterInside(request, this.#trustLine(decision, passage.connection))
  }

  #trustLine(decision: Decision, remote: EdgeConnection): HeaderLine {
    return this.#trustLines.of(remote.peer, decision.peerClass, decision.mark)
  }

  #tokenFor(passage: Passage): string {
    const to = passage.request.to()?.sipUri
    return this.#deps.token.issue(passage.callId, passage.fromDomain, to === undefined ? passage.toDomain : domainOf(to))
  }
}
