import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import type { SrvEvidence } from '@gatehouse/policy-engine'

/** Given by the edge, unique in the process, never reused. */
export type ConnectionId = number

/** The far end as the edge knows it: after the PROXY header, when one was read. */
export interface RemoteEndpoint {
  readonly address: string
  readonly port: number
}

/** One TLS connection with a peer whose certificate has been judged. Made by `EdgeListener` and `LinkPool` only. */
export interface EdgeConnection {
  readonly id: ConnectionId
  readonly side: EdgeSide
  /** True when we opened it. */
  readonly isDialed: boolean
  /** Result of our own path validation; may be not authenticated on accepted connections: the session then refuses the first request and closes. */
  readonly peer: PeerIdentity
  readonly remote: RemoteEndpoint
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly tlsVersion: string
  /** `LinkTarget.key` of a dialed connection. */
  readonly dialedKey: string | undefined
  readonly openedAtMs: number
  /** False from `close`, `destroy` or the peer's end on; `write` then does nothing. */
  readonly isOpen: boolean
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number
  /** The session's slot; the edge never looks at it. */
  context: unknown
  /**
   * Sends a head (latin1 text) and a body. All writes of one event-loop turn go out together.
   * False: above the high mark, so stop reading from whoever feeds this connection until `onDrain`; the data is taken all the same.
   * The body must not be changed until it was sent.
   */
  write(head: string, body: Uint8Array | undefined): boolean
  /** Stops reading. Reasons add up: reading starts again when every reason was resumed. */
  pause(reason: string): void
  resume(reason: string): void
  /** Sends what is buffered, then ends; destroyed when the peer has not ended after a bounded time. */
  close(reason: string): void
  destroy(reason: string): void
}

/** What the session implements. All calls are synchronous and must not throw. */
export interface EdgeHandler {
  /** After the handshake and the judgement of the certificate; before any data. */
  onOpen(connection: EdgeConnection): void
  /** `chunk` may be kept. CRLF keep-alives arrive here like everything else. */
  onData(connection: EdgeConnection, chunk: Buffer): void
  /** Below the low mark again after a `write` that gave false. */
  onDrain(connection: EdgeConnection): void
  /** Exactly once per `onOpen`; `reason` is the one given to `close`/`destroy`, or one of the edge's. */
  onClosed(connection: EdgeConnection, reason: string): void
}

/** Facts first, sentence second: pino's order. */
export interface EdgeLog {
  debug(facts: object, text: string): void
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
  error(facts: object, text: string): void
}

/** Time and timers as an argument. `createSystemClock` is the real one. */
export interface EdgeClock {
  /** Milliseconds since 1970; used for certificates and, differences only, for deadlines. */
  nowMs(): number
  /** Calls `run` once; the returned function cancels. Never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void
  /** Calls `run` again and again; the returned function cancels. Never keeps the process alive. */
  every(intervalMs: number, run: () => void): () => void
}

/** Judges a presented chain, leaf first. Never rejects. `@gatehouse/peer-identity` has the real one. */
export interface ChainValidator {
  validate(chainDer: readonly Uint8Array[]): Promise<PeerIdentity>
}

/** Plain counters; wired to the metrics registry by the service. */
export interface EdgeMetrics {
  connectionOpened(side: EdgeSide, isDialed: boolean): void
  connectionClosed(side: EdgeSide, isDialed: boolean, reason: string): void
  /** Dropped before it became a connection: a limit, the PROXY rule, a failed handshake. */
  connectionRefused(side: EdgeSide, code: string): void
  handshakeCompleted(side: EdgeSide, isDialed: boolean, durationMs: number): void
  bytesRead(side: EdgeSide, bytes: number): void
  bytesWritten(side: EdgeSide, bytes: number): void
  dialFailed(side: EdgeSide, code: string): void
  certificateReloaded(side: EdgeSide, isAccepted: boolean): void
}

/** Where a dialed connection goes and what its certificate has to show. */
export interface LinkTarget {
  /** Links are shared by key; one key must always mean one target. */
  readonly key: string
  readonly side: EdgeSide
  /** Configured edge name; also the TLS server name. Undefined: found by SRV of `srvDomain`. */
  readonly edgeHost: string | undefined
  readonly edgePort: number
  /** Domain of `_sipfederationtls._tcp.<domain>`, looked at when `edgeHost` is undefined. */
  readonly srvDomain: string | undefined
  /** True: an SRV target counts only when its parent domain is `srvDomain` itself. */
  readonly sameDomainRule: boolean
  /** Most parallel links, 1–4; further ones are opened when the open ones are loaded. */
  readonly links: number
  readonly expect: LinkExpectation
}

/** What a dialed peer's certificate has to show besides a valid path. */
export interface LinkExpectation {
  /** Names of which the certificate must carry one (domain, RFC 5922, or host). Empty: the host dialed. */
  readonly names: readonly string[]
  /** Trust stores of which one must anchor the path. Empty: any configured one. */
  readonly trust: readonly string[]
  /** SPKI pins of which one must fit. Empty: none demanded. */
  readonly pins: readonly string[]
}

/** Why no link could be had. */
export interface LinkFailure {
  readonly code: string
  readonly detail: string
  readonly status: 504 | 503 | 408
}

export type LinkStatus = 'idle' | 'connecting' | 'up' | 'backoff'

/** One open link of a pool entry. */
export interface LinkInfo {
  readonly id: ConnectionId
  readonly remote: RemoteEndpoint
  readonly host: string
  readonly tlsVersion: string
  readonly openedAtMs: number
  readonly bufferedBytes: number
  readonly fingerprint: string
}

/** One pool entry as `gatehouse peers` shows it. */
export interface LinkState {
  readonly key: string
  /** The configured edge host, or the domain whose SRV record is followed. */
  readonly name: string
  readonly side: EdgeSide
  readonly state: LinkStatus
  /** Since when it is in this state. */
  readonly sinceMs: number
  /** Code and sentence of the last failure while there is one; empty otherwise. */
  readonly detail: string
  readonly links: readonly LinkInfo[]
  readonly waiting: number
  /** Dials that failed since one last succeeded. */
  readonly failures: number
  /** While in back-off: when the next dial may start. */
  readonly nextAttemptAtMs: number | undefined
}

/** What the pool asks of DNS. `SrvResolver` is the real one. Callbacks come exactly once, perhaps before the call returns. */
export interface LinkResolver {
  lookupSrv(domain: string, onDone: (evidence: SrvEvidence) => void): void
  /** Addresses in the order to try; empty with a reason when there are none. */
  addresses(host: string, onDone: (addresses: readonly string[], failure: string) => void): void
}

/** Paths of PEM or DER files. */
export interface TlsFiles {
  readonly certificateFile: string
  readonly keyFile: string
}
