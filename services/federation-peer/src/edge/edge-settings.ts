import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import { matchHost } from '@gatehouse/peer-identity'
import type { FederationPeerConfig } from '../config.ts'
import type { LinkTarget } from './connection.ts'

/** The files of a certificate, by the names that the keeper has for them. */
export function filesOf(certificate: { certFile: string; keyFile: string }): { certificateFile: string; keyFile: string } {
  return { certificateFile: certificate.certFile, keyFile: certificate.keyFile }
}

/** Names of the trust stores that count on one edge. */
export function storesFor(config: FederationPeerConfig, side: EdgeSide): readonly string[] {
  return config.trust.filter((store) => store.use === 'both' || store.use === side).map((store) => store.name)
}

/** Whether a peer on the internal edge is the next hop or one of the servers that are listed. */
export function insideServers(config: FederationPeerConfig): (peer: PeerIdentity) => boolean {
  const names = [config.internalEdge.nextHop.host, ...config.internalEdge.servers]
  return (peer) => names.some((name) => matchHost(peer, name))
}

/** The next hop, as the link pool dials it. */
export function insideTarget(config: FederationPeerConfig, trust: readonly string[]): LinkTarget {
  const { nextHop } = config.internalEdge
  return {
    key: 'inside',
    side: 'internal',
    edgeHost: nextHop.host,
    edgePort: nextHop.port,
    srvDomain: undefined,
    sameDomainRule: false,
    links: nextHop.links,
    expect: { names: [], trust, pins: [] },
  }
}
