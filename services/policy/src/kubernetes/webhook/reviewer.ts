import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import type { ClusterView } from '../cluster-view.ts'
import type { ClusterObject } from '../plan/cluster-object.ts'
import { planPolicy } from '../plan/plan-policy.ts'
import { type Review, type ReviewAnswer, reviewObject } from './review-object.ts'

export interface ReviewerDeps {
  readonly view: ClusterView
  readonly inForce: () => readonly PolicyObject[]
  readonly namespace: string
  readonly ownedKinds: ReadonlySet<PolicyKind>
  readonly nowMs: () => number
}

/** Reviews objects against the policy that the cluster comes to. */
export class Reviewer {
  readonly #deps: ReviewerDeps
  /** The list that is under way, for all who wait for one. */
  #listing: Promise<readonly ClusterObject[]> | undefined

  constructor(deps: ReviewerDeps) {
    this.#deps = deps
  }

  async review(review: Review, signal: AbortSignal): Promise<ReviewAnswer> {
    const { view } = this.#deps
    const answer = this.#reviewAmong(review, view.isComplete ? view.objects() : undefined)
    if (!answer.isAboutOthers) return answer
    // a watch is milliseconds behind: what it clashes with may have been changed by the object before it, in the same `kubectl apply`
    try {
      this.#listing ??= view.listNow(signal).finally(() => {
        this.#listing = undefined
      })
      return this.#reviewAmong(review, await this.#listing)
    } catch {
      return answer
    }
  }

  /** `cluster` undefined: it is not known yet, so what is in force has to do. */
  #reviewAmong(review: Review, cluster: readonly ClusterObject[] | undefined): ReviewAnswer {
    const { inForce, namespace, ownedKinds, nowMs } = this.#deps
    const now = nowMs()
    const others = cluster?.filter((object) => object.kind !== review.kind || object.name !== review.name)
    const objects = others === undefined ? inForce() : planPolicy({ inForce: inForce(), ownedKinds, cluster: others, nowMs: now }).objects
    return reviewObject(review, { namespace, ownedKinds, objects, nowMs: now })
  }
}
