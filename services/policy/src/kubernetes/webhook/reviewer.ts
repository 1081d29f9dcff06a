import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import type { ClusterView } from '../cluster-view.ts'
import type { ClusterObject } from '../plan/cluster-object.ts'
import type { ObjectReader } from '../plan/object-reader.ts'
import { planPolicy } from '../plan/plan-policy.ts'
import { type Review, type ReviewAnswer, reviewObject } from './review-object.ts'

export interface ReviewerDeps {
  readonly view: ClusterView
  readonly reader: ObjectReader
  readonly inForce: () => readonly PolicyObject[]
  readonly namespace: string
  readonly ownedKinds: ReadonlySet<PolicyKind>
  readonly nowMs: () => number
}

/** Reviews objects against the policy that the cluster comes to, as it is now. */
export class Reviewer {
  readonly #deps: ReviewerDeps

  constructor(deps: ReviewerDeps) {
    this.#deps = deps
  }

  async review(review: Review, signal: AbortSignal): Promise<ReviewAnswer> {
    const { view } = this.#deps
    const answer = this.#reviewAmong(review, view.isComplete ? view.objects() : undefined)
    if (!answer.isAboutOthers) return answer
    // a watch is milliseconds behind: what it clashes with may have been changed by the object before it, in the same `kubectl apply`
    try {
      return this.#reviewAmong(review, await view.listNow(signal))
    } catch {
      return answer
    }
  }

  /** `cluster` undefined: it is not known yet, so what is in force has to do. */
  #reviewAmong(review: Review, cluster: readonly ClusterObject[] | undefined): ReviewAnswer {
    const { inForce, namespace, ownedKinds, reader, nowMs } = this.#deps
    const now = nowMs()
    // with the object as it is now: without it another one, refused until now, would take its place
    const objects = cluster === undefined ? inForce() : planPolicy({ reader, inForce: inForce(), ownedKinds, cluster, nowMs: now }).objects
    return reviewObject(review, { namespace, ownedKinds, objects, nowMs: now })
  }
}
