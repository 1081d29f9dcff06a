import type { CertificateName } from './certificate-cabinet.ts'
import type { RawPeer, RawPeerOptions } from './raw-peer.ts'

/** What an attack may touch besides its own connection. */
export interface Arena {
  readonly external: { readonly host: string; readonly port: number }
  /** A further connection; closed with the attack. */
  connect(as: CertificateName | 'none', options?: Partial<RawPeerOptions>): Promise<RawPeer>
  /** Opens TCP without TLS. */
  connectTcp(): Promise<import('node:net').Socket>
  /** The newest request that the partner's server saw, octet for octet. */
  lastOutside(): string
  /** How many requests the inside server has seen. */
  insideCount(): number
  /** Makes the inside server keep its answers back until the returned function is called. */
  holdInside(): () => void
}

/** One line of the table. */
export interface Attack {
  readonly attack: string
  /** Certificate of the connection that the answers are read from; default `partner`; `inside`: the inside server on the internal edge. */
  readonly as?: CertificateName | 'none' | 'inside'
  readonly maxVersion?: 'TLSv1.2'
  run(peer: RawPeer, arena: Arena): Promise<void> | void
  /** Every final status that comes back, in order; `closed` when the gate ends the connection. */
  readonly answers: readonly string[]
  /** Codes the log must hold afterwards; with fields where the row says so. */
  readonly logged: readonly string[]
  /** Requests that reach the inside all the same; default 0. */
  readonly delivered?: number
}
