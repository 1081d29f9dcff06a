import type { Duplex } from 'node:stream'
import type { PeerIdentity } from '@gatehouse/im-model'

/** TLS of one wire, once it is up. */
export interface WireSecurity {
  /** `TLSv1.3`. */
  readonly protocol: string
  /** What the other end's certificate proved by our own path validation; `isAuthenticated` false where it has none, or none of use. */
  readonly peer: PeerIdentity
  /** Protocol agreed by ALPN; empty: none. */
  readonly alpn: string
}

/** One connection. Whoever gets a wire owns it and destroys it. */
export interface Wire {
  readonly stream: Duplex
  readonly remote: { readonly address: string; readonly port: number }
  readonly security: WireSecurity | undefined
}

export interface TlsWish {
  /** As client: the name the server is to have (SNI); it is not compared: read `security.peer`. As server: the domain to show a certificate for. */
  readonly name: string
  /** Offered, or as server taken, in order of preference; empty: no ALPN. */
  readonly alpn: readonly string[]
  readonly timeoutMs: number
}

export interface ListenOptions {
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
}

export interface WireListener {
  readonly address: string
  readonly port: number
  /** Accepts no more; wires that are open stay. */
  close(): Promise<void>
}

/** Sockets and TLS for a connector: validated by the gate's own rules, counted against its limits, cut when the connector is stopped. */
export interface Wires {
  /** Resolves the host, tries its addresses. Rejects with a code (`GH-BRIDGE-CONNECT-FAILED`) when none answers in time. */
  connect(target: { readonly host: string; readonly port: number; readonly timeoutMs: number }): Promise<Wire>
  /** TLS on top of a wire, as client or as server; the old wire must not be used any more. Rejects with `GH-BRIDGE-TLS-FAILED`. */
  secure(wire: Wire, role: 'client' | 'server', wish: TlsWish): Promise<Wire>
  /** `onWire` gets plain wires; the listener is closed with the connector at the latest. */
  listen(options: ListenOptions, onWire: (wire: Wire) => void): Promise<WireListener>
}
