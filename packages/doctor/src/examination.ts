import type { PeerIdentity } from '@gatehouse/im-model'
import type { CertificateDescription } from '@gatehouse/peer-identity'
import type { SrvTarget } from '@gatehouse/policy-engine'
import type { SipRequest } from '@gatehouse/sip-core'
import type { DoctorPlan, SrvLook } from './doctor-gate.ts'
import type { DialedTls } from './wire/dial-tls.ts'
import type { SipWire } from './wire/sip-wire.ts'

export interface ExaminationOptions {
  readonly domain: string
  /** Sender of the test messages, `user@domain`. */
  readonly from: string
  /** Where the echo is asked for; empty: not at all. */
  readonly echoTo: string
  /** For each connection, handshake and answer. */
  readonly timeoutMs: number
  /** Instead of what policy and DNS say; only where the doctor runs by hand. */
  readonly at?: { readonly host: string; readonly port: number; readonly serverName: string } | undefined
  readonly signal?: AbortSignal | undefined
}

/** One way to the partner. */
export interface Place {
  readonly host: string
  readonly address: string
  readonly port: number
}

/** What one run has found so far: each step adds its part and builds on the parts before it. */
export interface Examination {
  readonly options: ExaminationOptions
  readonly plan: DoctorPlan
  srv: SrvLook | undefined
  targets: readonly SrvTarget[]
  places: readonly Place[]
  /** The first place that answers: the rest of the run is about it. */
  place: Place | undefined
  dialed: DialedTls | undefined
  /** The leaf in plain words; undefined: none was presented, or it cannot be read. */
  leaf: CertificateDescription | undefined
  peer: PeerIdentity | undefined
  /** The same, as it would be judged at a time when the leaf was valid: an expired certificate may have other faults, too. */
  path: PeerIdentity | undefined
  wire: SipWire | undefined
  /** Sees what the partner sends on our connection. */
  onMessage: ((request: SipRequest) => void) | undefined
}
