import {
  checkPolicy,
  comparePolicy,
  formatObjectProblem,
  indexObjects,
  keyOf,
  type ObjectDifference,
  type ObjectProblem,
} from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { type ClusterObject, clusterKeyOf } from './cluster-object.ts'
import type { ObjectReader } from './object-reader.ts'

export interface PlanInput {
  readonly inForce: readonly PolicyObject[]
  /** Kinds that come from the cluster and from nowhere else. */
  readonly ownedKinds: ReadonlySet<PolicyKind>
  readonly cluster: readonly ClusterObject[]
  readonly reader: ObjectReader
  /** Milliseconds since the epoch, for expiries. */
  readonly nowMs: number
}

/** What became of one object of the cluster. */
export type Verdict =
  | {
      readonly isAccepted: true
      /** Things worth knowing. */
      readonly notes: readonly string[]
    }
  | {
      readonly isAccepted: false
      readonly problems: readonly ObjectProblem[]
      /** A version that was taken before stays in force. */
      readonly isEarlierInForce: boolean
    }

export interface Plan {
  /** The whole policy as it is to be. */
  readonly objects: readonly PolicyObject[]
  /** Against what is in force, in canonical order. */
  readonly differences: readonly ObjectDifference[]
  /** By `kind/name`, for each object of the cluster. */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

/** How messages name the place of an object. */
export const IN_CLUSTER = 'in the cluster'

/**
 * The policy that the objects of the cluster come to. A mistake keeps out the object that makes it, and nothing else: what was in force
 * of that object stays, and what was not in force does not come. An object that was deleted stays while another needs it.
 */
export function planPolicy(input: PlanInput): Plan {
  const { inForce, ownedKinds, cluster } = input
  const verdicts = new Map<string, Verdict>()
  const before = indexObjects(inForce)
  const wanted = new Map<string, PolicyObject>()
  for (const object of cluster) {
    if (!ownedKinds.has(object.kind)) continue
    const key = clusterKeyOf(object)
    const read = input.reader.read(object)
    const present = before.get(object)
    if (read.ok) wanted.set(key, read.object)
    else {
      verdicts.set(key, { isAccepted: false, problems: read.problems, isEarlierInForce: present !== undefined })
      if (present !== undefined) wanted.set(key, present)
    }
  }
  const changes = comparePolicy(
    inForce.filter(({ kind }) => ownedKinds.has(kind)),
    [...wanted.values()],
  )
  const { accepted, rejected } = new Selection(inForce, input.nowMs).select(changes)
  const objects = withChanges(inForce, accepted)
  for (const [change, problems] of rejected) {
    if (change.after !== undefined)
      verdicts.set(change.object, { isAccepted: false, problems, isEarlierInForce: change.before !== undefined })
  }
  const notes = notesOf(objects, rejected, input.nowMs)
  for (const key of wanted.keys()) {
    if (!verdicts.has(key)) verdicts.set(key, { isAccepted: true, notes: notes.get(key) ?? [] })
  }
  return { objects, differences: accepted, verdicts }
}

/** Which changes can be made together. */
class Selection {
  readonly #base: readonly PolicyObject[]
  readonly #nowMs: number
  readonly #rejected = new Map<ObjectDifference, readonly ObjectProblem[]>()
  #accepted: ObjectDifference[] = []

  constructor(base: readonly PolicyObject[], nowMs: number) {
    this.#base = base
    this.#nowMs = nowMs
  }

  select(changes: readonly ObjectDifference[]): {
    readonly accepted: readonly ObjectDifference[]
    readonly rejected: ReadonlyMap<ObjectDifference, readonly ObjectProblem[]>
  } {
    const left = this.#withoutBlamed(changes)
    this.#take(left)
    // what another change stood in the way of, or what stood in for a change that came later, may fit now
    for (let count = -1; this.#rejected.size > 0 && this.#rejected.size !== count; ) {
      count = this.#rejected.size
      const again = [...this.#rejected.keys()]
      this.#rejected.clear()
      this.#take(again)
    }
    // canonical order, as the changes came
    const taken = new Set(this.#accepted)
    return { accepted: changes.filter((change) => taken.has(change)), rejected: this.#rejected }
  }

  /** Leaves out, again and again, the changes that the problems are about: with nothing else wrong the rest goes together. */
  #withoutBlamed(changes: readonly ObjectDifference[]): readonly ObjectDifference[] {
    let left = changes
    for (;;) {
      const problems = this.#errors(left)
      const blamed = new Map<string, ObjectProblem[]>()
      for (const problem of problems) blamed.set(problem.object, [...(blamed.get(problem.object) ?? []), problem])
      const kept = left.filter((change) => change.after === undefined || !blamed.has(change.object))
      if (kept.length === left.length) return left
      for (const change of left) {
        if (change.after !== undefined && blamed.has(change.object)) this.#rejected.set(change, blamed.get(change.object) ?? [])
      }
      left = kept
    }
  }

  /** Takes what can be taken; of what cannot go together, one half after the other. */
  #take(changes: readonly ObjectDifference[]): void {
    if (changes.length === 0) return
    const problems = this.#errors([...this.#accepted, ...changes])
    if (problems.length === 0) {
      this.#accepted = [...this.#accepted, ...changes]
      return
    }
    const [only] = changes
    if (changes.length === 1 && only !== undefined) {
      const own = problems.filter(({ object }) => object === only.object)
      this.#rejected.set(only, own.length > 0 ? own : problems)
      return
    }
    const half = changes.length >> 1
    this.#take(changes.slice(0, half))
    this.#take(changes.slice(half))
  }

  #errors(changes: readonly ObjectDifference[]): readonly ObjectProblem[] {
    return errorsOf(withChanges(this.#base, changes), this.#nowMs)
  }
}

/** What makes the objects together no policy. */
export function errorsOf(objects: readonly PolicyObject[], nowMs: number): readonly ObjectProblem[] {
  return checkPolicy(objects, { nowMs, where: IN_CLUSTER }).filter(({ severity }) => severity === 'error')
}

function withChanges(base: readonly PolicyObject[], changes: readonly ObjectDifference[]): readonly PolicyObject[] {
  if (changes.length === 0) return base
  const touched = new Set(changes.map(({ object }) => object))
  return [...base.filter((object) => !touched.has(keyOf(object))), ...changes.flatMap(({ after }) => after ?? [])]
}

/** Warnings, and for objects that need a deleted one that it stays. */
function notesOf(
  objects: readonly PolicyObject[],
  rejected: ReadonlyMap<ObjectDifference, readonly ObjectProblem[]>,
  nowMs: number,
): ReadonlyMap<string, string[]> {
  const notes = new Map<string, string[]>()
  const note = (key: string, text: string): void => {
    notes.set(key, [...(notes.get(key) ?? []), text])
  }
  for (const problem of checkPolicy(objects, { nowMs, where: IN_CLUSTER })) {
    if (problem.severity === 'warning') note(problem.object, formatObjectProblem(problem))
  }
  for (const [change, problems] of rejected) {
    if (change.after !== undefined) continue
    for (const problem of problems)
      note(problem.object, `${change.object} was deleted and stays in force while this needs it: ${formatObjectProblem(problem)}`)
  }
  return notes
}
