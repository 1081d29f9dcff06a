import type { AskInspector } from '@gatehouse/inspection'
import type { DecisionTeller } from '@gatehouse/live-events'
import type { DecisionState, SrvEvidence, UserFacts } from '@gatehouse/policy-engine'
import type { ProxyIdentity } from '@gatehouse/sip-core'
import type { Tracer } from '@gatehouse/telemetry'
import type { AdmitContext } from '../admit/checks.ts'
import type { Forwarder } from '../deliver/forwarder.ts'
import type { EchoDesk } from '../echo/echo-desk.ts'
import type { EdgeConnection, EdgeLog, LinkTarget } from '../edge/connection.ts'
import type { LinkFailure } from '../edge/link-pool.ts'
import type { SipReceiver } from '../endpoint/sip-receiver.ts'
import type { GateOutbox } from '../outbox/sip-outbox.ts'
import type { Recorder } from '../record/recorder.ts'
import type { LinkTargets } from '../route/link-targets.ts'

/** What the gate asks the edge for: a connection to hand over on. */
export interface Links {
  /** Equal `affinity` takes the same link as long as the links stay the same. */
  acquire(target: LinkTarget, onReady: (link: EdgeConnection) => void, onFailed: (failure: LinkFailure) => void, affinity: number): void
}

/** What the gate asks DNS for. */
export interface SrvLookup {
  srv(domain: string): SrvEvidence | undefined
  lookupSrv(domain: string, onDone: (evidence: SrvEvidence) => void): void
}

/** What the gate asks and tells the facts service. */
export interface FactsLookup {
  facts(user: string): UserFacts | undefined
  lookupFacts(user: string, onDone: (facts: UserFacts) => void): void
  /** Our user wrote to somebody outside, and it was taken. */
  learned(user: string, contact: string): void
  /** A first contact was held. */
  held(note: { user: string; contact: string; partner: string; envelopeId: Uint8Array | undefined }): void
}

export interface PassedRequest {
  readonly direction: string
  /** Empty when it was refused before it was known. */
  readonly peerClass: string
  readonly kind: string
  readonly code: string
  readonly status: number
  readonly durationMs: number
  /** Of a request that is followed. */
  readonly traceId: string | undefined
}

export interface GateMetrics {
  /** One request has got its final answer. */
  passed(request: PassedRequest): void
  /** It has left a stage. `traceId`: of one that is followed. */
  stage(stage: 'admit' | 'record' | 'deliver', durationMs: number, traceId: string | undefined): void
  /** An object in mode observe would have refused it. */
  observed(rule: string, code: string): void
}

export interface GateDeps {
  readonly admission: AdmitContext
  readonly decisions: DecisionState
  readonly srv: SrvLookup
  /** Absent: nobody can be asked, and where policy looks users up nothing passes. */
  readonly facts?: FactsLookup | undefined
  readonly recorder: Recorder
  readonly askInspector: AskInspector
  readonly targets: LinkTargets
  readonly links: Links
  readonly forwarder: Forwarder
  /** Takes what is for people who are not reached by SIP. */
  readonly receiver: Pick<SipReceiver, 'take' | 'takeUnanswered'>
  /** What is for the gate itself: tests of partners, and echoes that a doctor waits for. Absent: nobody tests. */
  readonly echo?: Pick<EchoDesk, 'takes' | 'take' | 'notice'> | undefined
  /** Absent: nothing waits. */
  readonly outbox?: GateOutbox | undefined
  readonly identity: ProxyIdentity
  readonly metrics: GateMetrics
  readonly tracer: Tracer
  /** For people who watch; absent: nobody can. */
  readonly live?: Pick<DecisionTeller, 'isWanted' | 'tell'> | undefined
  readonly log: EdgeLog
  readonly nowMs: () => number
  readonly newTag: () => string
}
