import { type Bus, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import { SNAPSHOT_KEY } from '@gatehouse/policy-follow'
import type { ExplainArchivedRequest, ObservedRequest } from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'
import type { Health, Logger, MetricsRegistry } from '@gatehouse/telemetry'
import { AccessList } from './access/access-list.ts'
import { guardReads } from './access/guard-reads.ts'
import { PolicyBook } from './apply/policy-book.ts'
import { SizedWorkshop } from './apply/sized-workshop.ts'
import { ThreadWorkshop } from './apply/thread-workshop.ts'
import type { PolicyConfig } from './config.ts'
import type { DirectorySource } from './directory/directory-source.ts'
import { FactsPart } from './facts/facts-part.ts'
import { KubernetesPart } from './kubernetes/kubernetes-part.ts'
import { policyMetrics } from './metrics.ts'
import { loadSnapshotKey } from './publish/signing-key.ts'
import { partBytes, SnapshotPublisher } from './publish/snapshot-publisher.ts'
import type { ArchiveSource } from './replay/archive-source.ts'
import { countObserved } from './replay/count-observed.ts'
import { explainArchived, type ReplayDeps } from './replay/explain-archived.ts'
import { type LocalArchiveCalls, localArchive } from './replay/local-archive.ts'
import { PastSnapshots } from './replay/past-snapshots.ts'
import { remoteArchive } from './replay/remote-archive.ts'
import { simulate } from './replay/simulate.ts'
import { type AdminHandlers, createAdminHandlers } from './serve/admin-handlers.ts'
import { createDecisionHandlers, type DecisionHandlers, type DecisionHandlersDeps } from './serve/decision-handlers.ts'
import type { FactsHandlers } from './serve/facts-handlers.ts'
import { ReplicaWatch } from './serve/replica-watch.ts'
import { LazyStore } from './store/lazy-store.ts'
import { openStore, type StorePlace } from './store/open-store.ts'

export interface PolicyDeps {
  readonly bus: Bus
  readonly log: Logger
  /** The archive of this process, for explaining and simulating where `config.archive` names none; it may come up later. */
  readonly archive?: () => LocalArchiveCalls | undefined
  readonly metrics?: MetricsRegistry
  /** Milliseconds since the epoch. */
  readonly nowMs?: () => number
  /** Milliseconds that passed, by a clock that nobody sets. */
  readonly elapsedMs?: () => number
  /** Calls `run` every `ms` until the returned function is called. */
  readonly every?: (ms: number, run: () => void) => () => void
  /** Where directory entries come from; by default the LDAP server of `config.directory`. */
  readonly directorySource?: DirectorySource
}

export interface PolicyService {
  /** Resolves when the revision in force has been published, or could not be and will be later. Rejects with GH-REVISION-STORE. */
  start(): Promise<void>
  stop(): Promise<void>
  health(): Health
  /** For `PolicyAdminService` of policy.proto. */
  readonly admin: AdminHandlers
  /** For `PolicyDecisionService` of policy.proto. */
  readonly decision: DecisionHandlers
  /** For `FactsService` of facts.proto. */
  readonly facts: FactsHandlers
  /** Public half of the key that signs snapshots, PEM. */
  publicKeyPem(): string
}

/** A block entry made while the bus was away is not to wait for the next heartbeat. */
const PUBLISH_RETRY_MS = 1_500

/** The policy service: keeps every revision, tells the replicas, answers what-if questions. Throws GH-REVISION-KEY. */
export function buildPolicyService(config: PolicyConfig, deps: PolicyDeps): PolicyService {
  const { bus, log } = deps
  const nowMs = deps.nowMs ?? Date.now
  const every = deps.every ?? everyInterval
  const access = new AccessList(config.access, config.localRole)
  const key = loadSnapshotKey(config.signingKeyFile ?? `${config.databaseFile}.key`)
  const store = new LazyStore(() => openStore(placeOf(config), (detail) => log.warn({ detail }, 'a database connection was lost')))
  const thread = new ThreadWorkshop({ store: placeOf(config), maxPartBytes: partBytes(bus) }, (detail) =>
    log.warn({ detail }, 'policy thread'),
  )
  const workshop = new SizedWorkshop(store, thread)
  const book = new PolicyBook(workshop, store, nowMs)
  const publisher = new SnapshotPublisher({
    bus,
    key,
    log,
    nowMs,
    document: () => book.document(),
    split: () => book.split(),
    refresh: () => book.refresh(),
  })
  const metrics = deps.metrics?.register(policyMetrics)
  metrics?.observe('gatehouse_policy_revision', () => [[book.inForce().revision]])
  metrics?.observe('gatehouse_policy_published_revision', () => [[publisher.publishedRevision ?? 0]])
  metrics?.observe('gatehouse_policy_publish_failing', () => [[publisher.error === undefined ? 0 : 1]])
  const upkeep = new Upkeep({ bus, book, publisher, log })
  const facts = new FactsPart({
    place: placeOf(config),
    directory: config.directory,
    directorySource: deps.directorySource,
    bus,
    log,
    nowMs,
    every,
    snapshot: () => book.snapshot(),
    access,
  })
  let kubernetes: KubernetesPart | undefined
  const replicas = new ReplicaWatch({
    bus,
    elapsedMs: deps.elapsedMs ?? (() => performance.now()),
    heartbeatMs: config.heartbeatMs,
    onChange: () => kubernetes?.wake(),
  })
  const lookAtReplicas = (): Promise<void> =>
    replicas.sweep().catch((thrown: unknown) => log.warn({ detail: messageOf(thrown) }, 'the reports of the replicas cannot be read now'))
  kubernetes =
    config.kubernetes === undefined
      ? undefined
      : new KubernetesPart({ config: config.kubernetes, bus, book, replicas, log, publish: () => publisher.publish(), nowMs, every })
  let stopHeartbeat: (() => void) | undefined
  let stopRetry: (() => void) | undefined
  return {
    admin: createAdminHandlers({
      book,
      access,
      log,
      clusterKinds: config.kubernetes?.kinds ?? [],
      publish: () => publisher.publish(),
      replicas: () => replicas.read(),
      publicKey: key.publicKey.export({ type: 'spki', format: 'der' }),
    }),
    facts: facts.handlers,
    decision: createGuardedDecisions({ book, past: new PastSnapshots(book), archive: () => archiveOf(config, deps) }, access, {
      nowMs,
      facts: (user) => facts.book.factsOf(user),
    }),
    publicKeyPem: () => key.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    start: async () => {
      await book.refresh()
      await facts.start()
      await upkeep.start()
      await lookAtReplicas()
      await kubernetes?.start()
      stopHeartbeat = every(config.heartbeatMs, () => {
        void upkeep.beat()
        void lookAtReplicas()
      })
      stopRetry = every(PUBLISH_RETRY_MS, () => {
        if (publisher.error !== undefined) void publisher.publish()
      })
    },
    stop: async () => {
      stopHeartbeat?.()
      stopRetry?.()
      await kubernetes?.stop()
      await replicas.stop()
      await upkeep.stop()
      await facts.stop()
      await workshop.close()
      await store.close()
    },
    health: () => healthOf(book.inForce().revision, publisher, upkeep.error, [...facts.checks(), ...(kubernetes?.checks() ?? [])]),
  }
}

function archiveOf({ archive }: PolicyConfig, deps: PolicyDeps): ArchiveSource | undefined {
  if (archive !== undefined) return remoteArchive(archive)
  const calls = deps.archive?.()
  return calls === undefined ? undefined : localArchive(calls)
}

function createGuardedDecisions(replay: ReplayDeps, access: AccessList, deps: Omit<DecisionHandlersDeps, 'book'>): DecisionHandlers {
  const unary = {
    ...createDecisionHandlers({ ...deps, book: replay.book }),
    explainArchived: (request: ExplainArchivedRequest, context: RpcContext) => explainArchived(replay, request, context),
    observed: (request: ObservedRequest, context: RpcContext) => countObserved(replay, request, context),
  }
  return {
    ...guardReads(unary, access),
    simulate: async function* (request, context) {
      access.roleOf(context.caller)
      yield* simulate(replay, request, context)
    },
  }
}

function placeOf({ databaseFile, postgres }: PolicyConfig): StorePlace {
  return { databaseFile, postgres }
}

interface UpkeepDeps {
  readonly bus: Bus
  readonly book: PolicyBook
  readonly publisher: SnapshotPublisher
  readonly log: Logger
}

/** Keeps up with other replicas of the policy service: looks at the database with each heartbeat and whenever one of them publishes. */
class Upkeep {
  readonly #deps: UpkeepDeps
  #subscription: BusSubscription | undefined
  #running: Promise<void> = Promise.resolve()
  #error: string | undefined

  constructor(deps: UpkeepDeps) {
    this.#deps = deps
  }

  /** Why the database could not be looked at last. */
  get error(): string | undefined {
    return this.#error
  }

  async start(): Promise<void> {
    const { bus, publisher, log } = this.#deps
    await publisher.publish()
    try {
      const kv = await bus.kv(busSubjects.policyBucket.name)
      this.#subscription = await kv.watch((key) => {
        if (key === SNAPSHOT_KEY) this.#running = this.#refresh()
      })
    } catch (thrown) {
      log.warn(
        { detail: messageOf(thrown) },
        'the policy bucket cannot be watched; other replicas’ changes are seen with the next heartbeat',
      )
    }
  }

  async beat(): Promise<void> {
    this.#running = this.#refresh().then(() => this.#deps.publisher.publish())
    await this.#running
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
    await this.#running
    await this.#deps.publisher.settled()
  }

  async #refresh(): Promise<void> {
    try {
      await this.#deps.book.refresh()
      this.#error = undefined
    } catch (thrown) {
      this.#error = messageOf(thrown)
      this.#deps.log.warn({ detail: this.#error }, 'the policy database cannot be read; the revision known stays in force')
    }
  }
}

function everyInterval(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}

function healthOf(revision: number, publisher: SnapshotPublisher, storeError: string | undefined, more: Health['checks']): Health {
  const isPublished = publisher.error === undefined && publisher.publishedRevision === revision
  return {
    isLive: true,
    isReady: true,
    checks: [
      { name: 'revision', isOk: storeError === undefined, detail: storeError ?? `revision ${revision} is in force` },
      { name: 'published', isOk: isPublished, detail: publisher.error ?? `replicas were told of revision ${publisher.publishedRevision}` },
      ...more,
    ],
  }
}
