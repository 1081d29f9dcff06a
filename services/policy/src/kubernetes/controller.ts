import { GatewayError, messageOf } from '@gatehouse/errors'
import { exportObject, indexObjects } from '@gatehouse/policy-document'
import type { PolicyKind } from '@gatehouse/policy-engine'
import type { Logger } from '@gatehouse/telemetry'
import type { PolicyBook } from '../apply/policy-book.ts'
import type { ReplicaWatch } from '../serve/replica-watch.ts'
import type { ActingLease } from './acting-lease.ts'
import type { ClusterView } from './cluster-view.ts'
import { kubernetesCodes } from './kubernetes-codes.ts'
import { ObjectRevisions } from './object-revisions.ts'
import { type ClusterObject, clusterKeyOf } from './plan/cluster-object.ts'
import type { ObjectReader } from './plan/object-reader.ts'
import { isSameStatus, statusOf } from './plan/object-status.ts'
import { type Plan, planPolicy, type Verdict } from './plan/plan-policy.ts'
import { placeOf, reasonOf } from './plan/revision-words.ts'
import type { StatusUpdate, StatusWriter } from './status-writer.ts'

export interface ControllerDeps {
  readonly view: ClusterView
  readonly replicas: Pick<ReplicaWatch, 'reports'>
  readonly lease: ActingLease
  readonly book: PolicyBook
  readonly reader: ObjectReader
  /** Tells the replicas; resolves also when they cannot be told yet. */
  readonly publish: () => Promise<void>
  readonly writer: StatusWriter
  readonly namespace: string
  readonly ownedKinds: ReadonlySet<PolicyKind>
  readonly log: Logger
  readonly nowMs: () => number
  readonly after: (ms: number, run: () => void) => () => void
}

/** Who makes the revisions. */
export const KUBERNETES_AUTHOR = 'kubernetes'
/** What comes together, such as one `kubectl apply` of a folder, is to be one revision. */
const SETTLE_MS = 25
/** A database or an API server that is away. */
const RETRY_MS = 2_000
/** A plan gets old by itself: entries expire. */
const PLAN_AGE_MS = 60_000
/** Others may change other kinds in between so often in a row; then it is tried again later. */
const MAX_ROUNDS = 10

/**
 * Brings the policy to what the cluster says, and tells the cluster what became of each object. One pass at a time; whatever happens
 * during one leads to the next.
 */
export class Controller {
  readonly #deps: ControllerDeps
  readonly #revisions: ObjectRevisions
  readonly #abort = new AbortController()
  #plan: { readonly plan: Plan; readonly revision: number; readonly version: number; readonly atMs: number } | undefined
  /** Counts changes of the cluster's objects. */
  #version = 0
  #stopTimer: (() => void) | undefined
  /** How long the timer that runs was set for; a shorter one replaces it. */
  #timerMs = Number.POSITIVE_INFINITY
  #isWanted = false
  #running: Promise<void> | undefined
  #problem: string | undefined

  constructor(deps: ControllerDeps) {
    this.#deps = deps
    this.#revisions = new ObjectRevisions(deps.book)
  }

  /** Why the last pass did not do all that it should have. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Something may have to be done. `isContent`: the objects of the cluster are others. */
  wake(isContent: boolean, afterMs: number = SETTLE_MS): void {
    if (isContent) this.#version += 1
    if (this.#abort.signal.aborted || afterMs >= this.#timerMs) return
    this.#stopTimer?.()
    this.#timerMs = afterMs
    this.#stopTimer = this.#deps.after(afterMs, () => {
      this.#stopTimer = undefined
      this.#timerMs = Number.POSITIVE_INFINITY
      this.#isWanted = true
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined
      })
    })
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#stopTimer?.()
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#abort.signal.aborted) {
      this.#isWanted = false
      try {
        await this.#pass()
      } catch (thrown) {
        const code = thrown instanceof GatewayError ? thrown.code : undefined
        this.#setProblem(`${code === undefined ? '' : `${code}: `}${messageOf(thrown)}`)
        this.wake(false, RETRY_MS)
      }
    }
  }

  async #pass(): Promise<void> {
    const { lease, view, book, ownedKinds } = this.#deps
    if (!lease.isHeld || !view.isComplete) return
    const version = this.#version
    const cluster = view.objects()
    if (cluster.length === 0 && book.document().objects.some(({ kind }) => ownedKinds.has(kind))) {
      this.#setProblem(`GH-KUBERNETES-EMPTY: ${kubernetesCodes['GH-KUBERNETES-EMPTY'].summary}`)
      return
    }
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const plan = this.#planFor(cluster, version)
      if (plan.differences.length === 0) {
        await this.#tell(plan, cluster)
        this.#setProblem(undefined)
        return
      }
      await this.#apply(plan)
      if (!lease.isHeld) return
    }
    this.wake(false, RETRY_MS)
  }

  #planFor(cluster: readonly ClusterObject[], version: number): Plan {
    const { book, ownedKinds } = this.#deps
    const nowMs = this.#deps.nowMs()
    const { revision } = book.inForce()
    const known = this.#plan
    if (known !== undefined && known.revision === revision && known.version === version && nowMs - known.atMs < PLAN_AGE_MS) {
      return known.plan
    }
    const plan = planPolicy({ reader: this.#deps.reader, inForce: book.document().objects, ownedKinds, cluster, nowMs })
    this.#plan = { plan, revision, version, atMs: nowMs }
    return plan
  }

  async #apply({ differences }: Plan): Promise<void> {
    const { book, publish, namespace, log } = this.#deps
    const expectedRevision = book.inForce().revision
    try {
      const outcome = await book.apply({
        files: differences.flatMap(({ object, after }) =>
          after === undefined ? [] : [{ name: placeOf(namespace, object), text: exportObject(after) }],
        ),
        remove: differences.flatMap(({ object, after }) => (after === undefined ? [object] : [])),
        unblock: [],
        preset: '',
        prunes: false,
        author: KUBERNETES_AUTHOR,
        reason: reasonOf(namespace, differences),
        isDryRun: false,
        expectedRevision,
        role: 'admin',
      })
      if (outcome.isApplied) {
        log.info({ revision: outcome.revision, author: KUBERNETES_AUTHOR, changes: outcome.changeCount }, 'policy changed')
        await publish()
        return
      }
      const first = outcome.problems.find(({ severity }) => severity === 'error')
      // what passed our own check is refused by the same check only when something else came in between
      if (first !== undefined) throw new Error(`the policy was not taken: ${first.message} (${first.code})`)
    } catch (thrown) {
      const code = thrown instanceof GatewayError ? thrown.code : undefined
      if (code !== 'GH-REVISION-CONFLICT' && code !== 'GH-REVISION-OBJECT') throw thrown
    }
    // somebody else was faster: on top of what they made
    await book.refresh()
  }

  /** Writes the statuses that are not as they should be. */
  async #tell(plan: Plan, cluster: readonly ClusterObject[]): Promise<void> {
    const { book, replicas, writer, nowMs } = this.#deps
    const inForce = indexObjects(book.document().objects)
    const reports = replicas.reports()
    const now = `${new Date(nowMs()).toISOString().slice(0, 19)}Z`
    const updates: StatusUpdate[] = []
    for (const object of cluster) {
      const verdict: Verdict | undefined = plan.verdicts.get(clusterKeyOf(object))
      if (verdict === undefined) continue
      const revision = inForce.has(object) ? await this.#revisions.of(object) : undefined
      const status = statusOf(object, { verdict, revision, reports, now })
      if (!isSameStatus(object.status, status)) updates.push({ object, status })
    }
    const failed = await writer.write(updates, this.#abort.signal)
    if (failed > 0) this.wake(false, RETRY_MS)
  }

  #setProblem(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem)
      this.#deps.log.error({ detail: problem }, 'the policy was not brought to what the cluster says')
    this.#problem = problem
  }
}
