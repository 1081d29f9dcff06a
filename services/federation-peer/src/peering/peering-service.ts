import { create } from '@bufbuild/protobuf'
import {
  type DiagnoseRequest,
  type DisconnectRequest,
  type DisconnectResponse,
  DisconnectResponseSchema,
  type ListPeersResponse,
  ListPeersResponseSchema,
  type PeerState,
  PeerStateSchema,
  type TracePeerRequest,
} from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'
import type { Diagnoses } from '../diagnose/diagnoses.ts'
import type { EdgeConnection } from '../edge/connection.ts'
import type { LinkState } from '../edge/link-pool.ts'
import { stateOf } from '../session/connection-state.ts'
import { partnerOf } from './sip-traces.ts'
import { type TracePeerDeps, tracePeer } from './trace-peer.ts'

export interface PeeringDeps {
  readonly connections: () => Iterable<EdgeConnection>
  readonly links: () => readonly LinkState[]
  readonly replica: string
  readonly diagnoses: Diagnoses
  /** Watch list of discovered partners, by certificate fingerprint: empty, watched, limited or blocked. */
  readonly watchOf: (fingerprint: string) => string
  readonly tracing: TracePeerDeps
}

/** What is asked of this replica alone. Partners with their live state: one row per partner and side. */
export class PeeringHandlers {
  readonly #deps: PeeringDeps

  constructor(deps: PeeringDeps) {
    this.#deps = deps
  }

  async listPeers(): Promise<ListPeersResponse> {
    const rows = new Map<string, PeerState>()
    for (const connection of this.#deps.connections()) this.#addConnection(rows, connection)
    for (const link of this.#deps.links()) this.#addLink(rows, link)
    const peers = [...rows.values()].sort((a, b) => `${a.side} ${a.partner}`.localeCompare(`${b.side} ${b.partner}`))
    return create(ListPeersResponseSchema, { peers })
  }

  async disconnect(request: DisconnectRequest): Promise<DisconnectResponse> {
    let closed = 0
    for (const connection of this.#deps.connections()) {
      if (partnerOf(connection) !== request.partner) continue
      connection.close('disconnected by an operator')
      closed++
    }
    return create(DisconnectResponseSchema, { closed })
  }

  diagnose(request: DiagnoseRequest, context: Pick<RpcContext, 'caller' | 'signal'>): ReturnType<Diagnoses['run']> {
    return this.#deps.diagnoses.run(request, context)
  }

  tracePeer(request: TracePeerRequest, context: Pick<RpcContext, 'caller' | 'signal'>): ReturnType<typeof tracePeer> {
    return tracePeer(request, context, this.#deps.tracing)
  }

  #addConnection(rows: Map<string, PeerState>, connection: EdgeConnection): void {
    const state = stateOf(connection)
    const row = rowOf(rows, connection.side, partnerOf(connection), this.#deps.replica)
    if (connection.isDialed) row.linksOut++
    else row.linksIn++
    if (row.state === '' || row.state === 'refused') row.state = state.refusal === undefined ? 'up' : 'refused'
    if (state.refusal !== undefined) row.detail = connection.peer.refusal?.code ?? state.refusal
    row.peerClass ||= state.bound?.peerClass ?? ''
    row.requestsIn += BigInt(state.requestsIn)
    row.requestsOut += BigInt(state.requestsOut)
    row.refused += BigInt(state.refused)
    row.openTransactions += state.openTransactions
    for (const domain of state.domains ?? []) if (!row.domains.includes(domain)) row.domains.push(domain)
    row.certificateFingerprint ||= connection.peer.fingerprint
    row.certificateNotAfterUs ||= BigInt(Math.trunc(connection.peer.notAfterMs)) * 1000n
    row.remote ||= `${connection.remote.address}:${connection.remote.port}`
    row.tlsVersion ||= connection.tlsVersion
    const openedUs = BigInt(Math.trunc(connection.openedAtMs)) * 1000n
    if (row.sinceUs === 0n || openedUs < row.sinceUs) row.sinceUs = openedUs
    row.watch ||= this.#deps.watchOf(connection.peer.fingerprint)
    row.tracedUntilUs ||= BigInt(Math.trunc(this.#deps.tracing.traces.untilMs(connection))) * 1000n
  }

  /** Links that are not up have no connection to speak for them. */
  #addLink(rows: Map<string, PeerState>, link: LinkState): void {
    if (link.state === 'up') return
    const row = rowOf(rows, link.side, link.name, this.#deps.replica)
    if (row.state === 'up') return
    row.state = link.state
    row.detail = link.detail
    row.sinceUs = BigInt(Math.trunc(link.sinceMs)) * 1000n
  }
}

function rowOf(rows: Map<string, PeerState>, side: string, partner: string, replica: string): PeerState {
  const key = `${side} ${partner}`
  let row = rows.get(key)
  if (row === undefined) {
    row = create(PeerStateSchema, { partner, side, replica })
    rows.set(key, row)
  }
  return row
}
