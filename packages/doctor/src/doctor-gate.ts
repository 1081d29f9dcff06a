import type { SecureContext } from 'node:tls'
import type { PeerIdentity } from '@gatehouse/im-model'
import type { CrlState } from '@gatehouse/peer-identity'
import type { SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'

/** How the gate would reach a domain; what its policy says, or what would hold if it were simply allowed. */
export interface DoctorPlan {
  readonly domain: string
  /** Configured edge; undefined: by SRV of the domain. */
  readonly edge: { readonly host: string; readonly port: number } | undefined
  /** Name of the policy object that says so; empty: none. */
  readonly source: string
  /** Trust stores of which one has to anchor the partner: its own, or all of the external edge. */
  readonly trust: readonly string[]
  readonly pins: readonly string[]
}

/** The records as DNS gave them, besides what the gate's resolver makes of them. */
export interface SrvLook {
  readonly evidence: SrvEvidence
  readonly records: readonly SrvTarget[]
  /** Node's DNS error: ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT …; empty: none. */
  readonly errorCode: string
}

export interface AddressLook {
  readonly addresses: readonly string[]
  /** Why there are none. */
  readonly failure: string
  /** True: DNS said that there are none; false: DNS failed. */
  readonly isCertain: boolean
  /** What the host is an alias of. */
  readonly alias: string | undefined
}

/** One judgement of the policy, in words. */
export interface PolicyLook {
  readonly isAllowed: boolean
  readonly code: string
  readonly reason: string
  readonly partner: string
  readonly peerClass: string
  readonly revision: number
}

export interface PolicyLooks {
  readonly outbound: PolicyLook
  /** Undefined: not asked, because there is no peer to judge by. */
  readonly inbound: PolicyLook | undefined
}

/** Waits for a message that the partner sends to our own edge. */
export interface EchoWatch {
  /** True as soon as a message with the token came in; false after `timeoutMs`. */
  seen(token: string, timeoutMs: number): Promise<boolean>
}

/** The gate, as far as the doctor needs it: everything that judges is the gate's own code. Nothing here rejects. */
export interface DoctorGate {
  /** Stands in our Via. */
  readonly ownName: string
  readonly nowMs: () => number
  readonly newToken: () => string
  plan(domain: string): DoctorPlan
  /** Asks DNS anew, past every cache. */
  srv(domain: string): Promise<SrvLook>
  addresses(host: string): Promise<AddressLook>
  /** Our external certificate and TLS settings. */
  context(): SecureContext
  /** `atMs`: as if it were that time. */
  validate(chain: readonly Uint8Array[], atMs?: number): Promise<PeerIdentity>
  /** Whether the peer is the one that the plan means, reached at `host`; undefined when it is. `code`: a GH-EDGE-LINK one. */
  judge(peer: PeerIdentity, plan: DoctorPlan, host: string): { readonly code: string; readonly detail: string } | undefined
  crls(): readonly CrlState[]
  /** Undefined where no policy is at hand, as with a doctor that runs beside the gate. */
  policy?(question: { from: string; to: string; peer: PeerIdentity | undefined; srv: SrvEvidence }): Promise<PolicyLooks | undefined>
  /** Undefined where our own edge is not at hand. */
  readonly echo?: EchoWatch | undefined
}
