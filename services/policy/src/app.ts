import type { Bus } from '@gatehouse/bus'
import type { Health, Logger } from '@gatehouse/telemetry'
import { PolicyBook } from './apply/policy-book.ts'
import type { PolicyConfig } from './config.ts'
import { loadSnapshotKey } from './publish/signing-key.ts'
import { SnapshotPublisher } from './publish/snapshot-publisher.ts'
import { type AdminHandlers, createAdminHandlers } from './serve/admin-handlers.ts'
import { createDecisionHandlers, type DecisionHandlers } from './serve/decision-handlers.ts'
import { readReplicaReports } from './serve/replica-reports.ts'
import { RevisionStore } from './store/revision-store.ts'

export interface PolicyDeps {
  readonly bus: Bus
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly nowMs?: () => number
  /** Calls `run` every `ms` until the returned function is called. */
  readonly every?: (ms: number, run: () => void) => () => void
}

export interface PolicyService {
  /** Resolves when the revision in force has been published, or could not be and will be later. */
  start(): Promise<void>
  stop(): Promise<void>
  health(): Health
  /** For `PolicyAdminService` of policy.proto. */
  readonly admin: AdminHandlers
  /** For `PolicyDecisionService` of policy.proto. */
  readonly decision: DecisionHandlers
  /** Public half of the key that signs snapshots, PEM. */
  publicKeyPem(): string
}

/** The policy service: keeps every revision, tells the replicas, answers what-if questions. Throws GH-REVISION-STORE and GH-REVISION-KEY. */
export function buildPolicyService(config: PolicyConfig, deps: PolicyDeps): PolicyService {
  const { bus, log } = deps
  const nowMs = deps.nowMs ?? Date.now
  const every = deps.every ?? everyInterval
  const key = loadSnapshotKey(config.signingKeyFile ?? `${config.databaseFile}.key`)
  const store = new RevisionStore(config.databaseFile)
  const book = new PolicyBook(store, nowMs)
  const publisher = new SnapshotPublisher({ bus, key, log, nowMs, document: () => book.document() })
  let stopHeartbeat: (() => void) | undefined
  return {
    admin: createAdminHandlers({
      book,
      log,
      publish: () => publisher.publish(),
      replicas: () => readReplicaReports(bus),
      publicKey: key.publicKey.export({ type: 'spki', format: 'der' }),
    }),
    decision: createDecisionHandlers({ snapshot: () => book.snapshot(), nowMs }),
    publicKeyPem: () => key.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    start: async () => {
      await publisher.publish()
      stopHeartbeat = every(config.heartbeatMs, () => void publisher.publish())
    },
    stop: async () => {
      stopHeartbeat?.()
      await publisher.settled()
      store.close()
    },
    health: () => healthOf(book.inForce().revision, publisher),
  }
}

function everyInterval(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}

function healthOf(revision: number, publisher: SnapshotPublisher): Health {
  const isPublished = publisher.error === undefined && publisher.publishedRevision === revision
  return {
    isLive: true,
    isReady: true,
    checks: [
      { name: 'revision', isOk: true, detail: `revision ${revision} is in force` },
      { name: 'published', isOk: isPublished, detail: publisher.error ?? `replicas were told of revision ${publisher.publishedRevision}` },
    ],
  }
}
