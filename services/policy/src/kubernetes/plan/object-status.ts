import { formatObjectProblem } from '@gatehouse/policy-document'
import type { ReplicaReport } from '../../serve/replica-reports.ts'
import type { ClusterObject, ClusterStatus, Condition } from './cluster-object.ts'
import type { Verdict } from './plan-policy.ts'

export interface StatusFacts {
  readonly verdict: Verdict
  /** The revision that made what is in force of the object; undefined: nothing of it is. */
  readonly revision: number | undefined
  readonly reports: readonly ReplicaReport[]
  /** Now, as RFC 3339 in whole seconds, as Kubernetes writes times. */
  readonly now: string
}

/** Enough for every mistake of a sane object; the API takes 32 KiB. */
const MAX_MESSAGE_CHARS = 4_000

/** The status an object is to have. A condition that says what it said before keeps its time. */
export function statusOf(object: ClusterObject, facts: StatusFacts): ClusterStatus {
  const { verdict, revision, reports, now } = facts
  const on = revision === undefined ? 0 : reports.filter((report) => report.revision >= revision).length
  const [accepted, inForce] = [acceptedOf(verdict), inForceOf(verdict, revision, on, reports.length)]
  const conditions = [
    { type: 'Accepted', ...accepted },
    { type: 'InForce', ...inForce },
  ].map((condition): Condition => {
    const message = condition.message.length > MAX_MESSAGE_CHARS ? `${condition.message.slice(0, MAX_MESSAGE_CHARS)} …` : condition.message
    const before = object.status?.conditions.find(({ type }) => type === condition.type)
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now
    return { ...condition, message, lastTransitionTime, observedGeneration: object.generation }
  })
  return { observedGeneration: object.generation, revision, inForce: `${on}/${reports.length}`, conditions }
}

/** True when writing it would change nothing that anybody reads. */
export function isSameStatus(left: ClusterStatus | undefined, right: ClusterStatus): boolean {
  if (left === undefined) return false
  return (
    left.observedGeneration === right.observedGeneration &&
    left.revision === right.revision &&
    left.inForce === right.inForce &&
    left.conditions.length === right.conditions.length &&
    right.conditions.every((condition) => {
      const before = left.conditions.find(({ type }) => type === condition.type)
      return (
        before !== undefined &&
        before.status === condition.status &&
        before.reason === condition.reason &&
        before.message === condition.message &&
        before.observedGeneration === condition.observedGeneration
      )
    })
  )
}

type Words = Pick<Condition, 'status' | 'reason' | 'message'>

function acceptedOf(verdict: Verdict): Words {
  if (verdict.isAccepted) {
    const { notes } = verdict
    return { status: 'True', reason: notes.length === 0 ? 'Accepted' : 'AcceptedWithWarnings', message: notes.join('; ') }
  }
  const { problems, isEarlierInForce } = verdict
  const told = problems.map((problem) => `${formatObjectProblem(problem)}. ${problem.remedy}`).join(' ')
  const rest = isEarlierInForce ? 'What was in force of it before stays.' : 'Nothing of it is in force.'
  return { status: 'False', reason: reasonOf(problems[0]?.code), message: `${told} ${rest}` }
}

function inForceOf(verdict: Verdict, revision: number | undefined, on: number, all: number): Words {
  if (!verdict.isAccepted) {
    const message =
      revision === undefined ? 'It is not accepted.' : `An earlier version is in force on ${on}/${all} replicas, revision ${revision}.`
    return { status: 'False', reason: 'NotAccepted', message }
  }
  if (revision === undefined) return { status: 'False', reason: 'NotApplied', message: 'It is not part of the policy yet.' }
  if (all === 0) return { status: 'Unknown', reason: 'NoReplicas', message: `Part of revision ${revision}; no replica has reported.` }
  const message = `in force on ${on}/${all} replicas, revision ${revision}`
  return on === all ? { status: 'True', reason: 'AllReplicas', message } : { status: 'False', reason: 'SomeReplicas', message }
}

/** A reason is one word in a condition: `GH-DOCUMENT-DUPLICATE-ENTRY` becomes `DuplicateEntry`. */
function reasonOf(code: string | undefined): string {
  const words = (code ?? 'Refused').split('-').filter((word) => word !== 'GH' && word !== 'DOCUMENT')
  return words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1).toLowerCase()}`).join('')
}
