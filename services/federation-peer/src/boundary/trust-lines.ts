import type { Mark, PeerClass, PeerIdentity } from '@gatehouse/im-model'
import { createHeaderLine, type HeaderLine } from '@gatehouse/sip-core'
import { renderTrust, TRUST_HEADER } from './trust-header.ts'

interface Kept {
  readonly peerClass: PeerClass
  readonly mark: Mark
  readonly line: HeaderLine
}

/** Our trust statement as a header line. It is made once per peer and mark: a line cannot be changed, so many messages may share it. */
export class TrustLines {
  readonly #edgeName: string
  readonly #byPeer = new WeakMap<PeerIdentity, Kept>()

  constructor(edgeName: string) {
    this.#edgeName = edgeName
  }

  of(peer: PeerIdentity, peerClass: PeerClass, mark: Mark): HeaderLine {
    const kept = this.#byPeer.get(peer)
    if (kept !== undefined && kept.mark === mark && kept.peerClass === peerClass) return kept.line
    const { names } = peer
    const remoteName = names.dns[0] ?? names.sipDomains[0] ?? names.commonName ?? 'unknown'
    const line = createHeaderLine(TRUST_HEADER, renderTrust({ peerClass, edgeName: this.#edgeName, mark, remoteName }))
    this.#byPeer.set(peer, { peerClass, mark, line })
    return line
  }
}
