import type { Stanza } from '../stanza/read-stanza.ts'
import type { StanzaCondition } from '../stanza/stanza-error.ts'
import type { XmlLimits } from '../xml/stream-event.ts'
import type { StreamCondition } from './stream-condition.ts'
import type { SessionState } from './stream-management.ts'

/** What proved that a peer is the domain it says it is. */
export type DomainEvidence =
  /** Its certificate speaks for the domain and has a valid path (SASL EXTERNAL, or dialback answered from the certificate). */
  | 'certificate'
  /** The server that DNS names for the domain knew the key (XEP-0220). */
  | 'dialback'
  /** It knows the shared secret of the component (XEP-0114). */
  | 'secret'

/** Hashes, given from outside; all lower-case hex. */
export interface StreamHashes {
  readonly sha1Hex: (text: string) => string
  readonly sha256Hex: (text: string) => string
  readonly hmacSha256Hex: (key: string, text: string) => string
}

/** Result of a dialback: yes, no, or why nobody knows (XEP-0220 §2.5). */
export type DialbackVerdict = 'valid' | 'invalid' | StanzaCondition

/** Number that the owner gives to a stanza whose fate it wants to know; 0: it does not. */
export type Ticket = number

export type StreamEvent =
  /** Turn the socket into a TLS socket, then call `handleSecured`. Bytes received before are not given to the stream any more. */
  | { readonly kind: 'startTls' }
  /** A domain of the peer may send to `local` from now on (`*`: to each of our domains). */
  | { readonly kind: 'authenticated'; readonly remote: string; readonly local: string; readonly by: DomainEvidence }
  /** Stanzas can be sent from `local` to `remote`. */
  | { readonly kind: 'ready'; readonly local: string; readonly remote: string; readonly isResumed: boolean }
  /** Call `markHandled` with `arrival` once it is dealt with, refusals sent included; 0: nobody counts. */
  | { readonly kind: 'stanza'; readonly stanza: Stanza; readonly by: DomainEvidence; readonly arrival: number }
  /** Ask the server of `remote` whether it made this key, then call `answerDialback`. */
  | { readonly kind: 'verifyDialback'; readonly remote: string; readonly local: string; readonly key: string; readonly streamId: string }
  /** The answer to `askVerify`. */
  | {
      readonly kind: 'verified'
      readonly remote: string
      readonly local: string
      readonly streamId: string
      readonly verdict: DialbackVerdict
    }
  /** The peer does not let us send from `local` to `remote`. */
  | {
      readonly kind: 'refused'
      readonly local: string
      readonly remote: string
      readonly verdict: DialbackVerdict
      readonly detail: string
    }
  /** The peer has these (XEP-0198). */
  | { readonly kind: 'acked'; readonly tickets: readonly Ticket[] }
  | { readonly kind: 'closed'; readonly closing: Closing }

/** How a stream ended. */
export interface Closing {
  readonly by: 'us' | 'peer' | 'network'
  /** Undefined: closed in good order. */
  readonly condition: StreamCondition | undefined
  /** For logs; what the peer wrote is cut to 1,024 characters. */
  readonly detail: string
  /** Stanzas that the peer may or may not have; only known with stream management. */
  readonly unacked: readonly Ticket[]
  /** With it a new stream can go on where this one broke off (XEP-0198 §5). */
  readonly session: SessionState | undefined
}

export interface StreamTimers {
  /** From the first byte to the first authenticated domain. */
  readonly negotiationMs: number
  /** For the other side's `</stream:stream>` and for what is still to be written. */
  readonly closeMs: number
  /** Nothing sent for so long: a blank is sent, so that no middlebox forgets the connection (RFC 6120 §4.6.1). */
  readonly keepaliveMs: number
  /** Nothing received for so long: the peer is asked for a sign of life (XEP-0198 `r`, else XEP-0199). */
  readonly quietMs: number
  /** No sign of life for so long after asking: the stream is dead. */
  readonly deadMs: number
  /** For an answer to a dialback that we asked somebody about. */
  readonly verifyMs: number
}

export const DEFAULT_STREAM_TIMERS: StreamTimers = {
  negotiationMs: 30_000,
  closeMs: 5_000,
  keepaliveMs: 60_000,
  quietMs: 150_000,
  deadMs: 30_000,
  verifyMs: 20_000,
}

/** What every stream needs from outside. */
export interface StreamSurroundings {
  readonly hashes: StreamHashes
  /** Ids that nobody can guess: 128 bits at least (XEP-0220 §3.1.1, RFC 6120 §4.7.3). */
  readonly newId: () => string
  readonly timers: StreamTimers
  /** Bounds before and after a domain of the peer is authenticated. */
  readonly limits: { readonly strangers: XmlLimits; readonly peers: XmlLimits }
  /** Secret of our dialback keys, the same in every replica (XEP-0185). */
  readonly dialbackSecret: string
}
