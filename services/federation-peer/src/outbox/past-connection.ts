import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import type { EdgeConnection, RemoteEndpoint } from '../edge/connection.ts'

/** The connection that a message came in on, long ago: who it was is known, and nothing can be sent on it. */
export class PastConnection implements EdgeConnection {
  readonly id = -1
  readonly isDialed = false
  readonly tlsVersion = ''
  readonly dialedKey = undefined
  readonly openedAtMs = 0
  readonly isOpen = false
  readonly bufferedBytes = 0
  readonly side: EdgeSide
  readonly peer: PeerIdentity
  readonly remote: RemoteEndpoint
  context: unknown = undefined

  constructor(side: EdgeSide, peer: PeerIdentity, remote: RemoteEndpoint) {
    this.side = side
    this.peer = peer
    this.remote = remote
  }

  write(): boolean {
    return true
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
  destroy(): void {}
}
