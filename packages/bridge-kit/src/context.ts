import type { Logger } from '@gatehouse/telemetry'
import type { Incoming } from './incoming.ts'
import type { ReceiveOutcome } from './receive-outcome.ts'
import type { StateReport } from './state.ts'
import type { Wires } from './wires.ts'

export interface ConnectorClock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** The result cancels it. What `run` throws is logged and harms nobody. */
  after(delayMs: number, run: () => void): () => void
  every(intervalMs: number, run: () => void): () => void
}

export interface SrvTarget {
  /** Lower case, without trailing dot. */
  readonly host: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** A failure is never "none": who takes it for one would fall back to something weaker. */
export type SrvAnswer =
  | { readonly status: 'found'; readonly targets: readonly SrvTarget[] }
  | { readonly status: 'none' | 'failed'; readonly detail: string }

export interface TlsaRecord {
  /** RFC 6698 §2.1. */
  readonly usage: number
  readonly selector: number
  readonly matching: number
  /** Lower case. */
  readonly dataHex: string
}

/** Only `secure` is signed all the way from a trust anchor. */
export type SecureAnswer<T> =
  | { readonly status: 'secure'; readonly records: readonly T[] }
  | { readonly status: 'insecure' | 'none' | 'failed'; readonly detail: string }

/** Answers of a resolver that validates DNSSEC. Never rejects. */
export interface SecureDns {
  srv(name: string): Promise<SecureAnswer<SrvTarget>>
  tlsa(name: string): Promise<SecureAnswer<TlsaRecord>>
}

export interface ConnectorDns {
  /** Undefined: nobody here validates. */
  readonly secure?: SecureDns | undefined

  /** `name` with its service and protocol labels: `_xmpp-server._tcp.example.org`. Targets in the order to try (RFC 2782). Never rejects. */
  srv(name: string): Promise<SrvAnswer>
}

/** Small things that have to outlive a restart. Keys are the connector's own; another connector's are out of reach. */
export interface ConnectorStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  /** Own keys that begin with `prefix`. */
  keys(prefix: string): Promise<readonly string[]>
}

/** The same, sealed at rest with the bridge's key. */
export interface ConnectorSecrets {
  get(name: string): Promise<string | undefined>
  put(name: string, secret: string): Promise<void>
  delete(name: string): Promise<void>
}

export interface ConnectorLimits {
  /** Events of this connector that may be on their way through the core; beyond it `receive` answers 503 at once. */
  readonly maxOpenReceives: number
  /** Deliveries the core hands over at the same time. */
  readonly maxOpenSends: number
  /** Connections it may hold. */
  readonly maxConnections: number
  /** Longest text that passes the gate in either direction, UTF-8. */
  readonly maxTextBytes: number
}

/** A domain of ours. */
export interface ServedDomain {
  readonly domain: string
  /** Protocol of the home system behind it. */
  readonly homeSystem: string
}

/** What policy says about domains, for whom to open a connection at all. The decision on each message is the core's. */
export interface ConnectorDomains {
  isServed(domain: string): boolean
  /** Those with an object of their own; `isServed` also knows their subdomains. */
  served(): readonly ServedDomain[]
  /** Whether a policy object `Network` of this protocol covers the domain and is switched on. */
  isReachable(domain: string): boolean
}

/** Back-pressure: a connector that is told `isFull` stops reading its sockets until `onceReady` calls. */
export interface Intake {
  readonly isFull: boolean
  onceReady(run: () => void): void
}

/**
 * The same network's connector in the other replicas. For what a network of servers brings to one replica and another one waits for: there is one way in
 * for all of them. A word may be lost; it comes to every other replica, and not back.
 */
export interface Siblings {
  tell(text: string): void
  /** Called for each word; of one listener only, a later one takes its place. */
  onTold(run: (text: string) => void): void
}

/** All that a connector has of the gate. Nothing in it is shared with another connector. */
export interface ConnectorContext {
  /** Name of the network in the configuration. */
  readonly name: string
  /** Replica it runs in. */
  readonly replica: string
  readonly log: Logger
  readonly clock: ConnectorClock
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number
  readonly randomBytes: (size: number) => Uint8Array
  readonly dns: ConnectorDns
  readonly wires: Wires
  readonly store: ConnectorStore
  readonly secrets: ConnectorSecrets
  readonly limits: ConnectorLimits
  readonly domains: ConnectorDomains
  readonly intake: Intake
  readonly siblings: Siblings

  /**
   * Takes in one event from the network: identify, decide, archive, route, deliver. Order is that of the calls within a conversation.
   * Never rejects. Resolves when the far end has answered, so that the network may be answered truthfully: `failed` means it was not
   * delivered, and `notice` is all that its sender may read of the reasons.
   */
  receive(event: Incoming): Promise<ReceiveOutcome>

  /** Tells how a connection stands, whenever that changes. */
  report(state: StateReport): void
}
