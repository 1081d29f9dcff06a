import {
  checkPolicy,
  formatObjectProblem,
  KUBERNETES_GROUP,
  keyOf,
  type ObjectProblem,
  policyKindNames,
  readObject,
} from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { member } from '../plan/cluster-object.ts'
import { IN_CLUSTER } from '../plan/plan-policy.ts'

/** What an API server asks before it stores an object (AdmissionReview of admission.k8s.io/v1), as far as it counts here. */
export interface Review {
  readonly uid: string
  readonly operation: string
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly spec: unknown
}

/** What is answered. */
export interface ReviewAnswer {
  readonly isAllowed: boolean
  /** Shown to whoever applied the object, when it is refused. */
  readonly message: string
  /** Shown when it is let in. */
  readonly warnings: readonly string[]
  /** It is right alone; what it clashes with is told by objects that may have changed since they were seen. */
  readonly isAboutOthers: boolean
}

export interface ReviewFacts {
  readonly namespace: string
  readonly ownedKinds: ReadonlySet<PolicyKind>
  /** The policy that the cluster's objects come to; an older version of this one may be among them. */
  readonly objects: readonly PolicyObject[]
  readonly nowMs: number
}

/** An API server shows 256 characters of a warning and would cut the rest. */
const MAX_WARNINGS = 5
const MAX_WARNING_CHARS = 256
const MAX_PROBLEMS = 10

/** The question in an AdmissionReview; undefined: there is none in it. Never throws. */
export function readReview(value: unknown): Review | undefined {
  const request = member(value, 'request')
  const kind = member(request, 'kind')
  const object = member(request, 'object')
  const text = (from: unknown, key: string): string => {
    const found = member(from, key)
    return typeof found === 'string' ? found : ''
  }
  const uid = text(request, 'uid')
  if (uid === '' || member(value, 'apiVersion') !== 'admission.k8s.io/v1') return undefined
  return {
    uid,
    operation: text(request, 'operation'),
    group: text(kind, 'group'),
    kind: text(kind, 'kind'),
    namespace: text(request, 'namespace'),
    // not in the object yet where the server makes it up
    name: text(request, 'name') || text(member(object, 'metadata'), 'name'),
    spec: member(object, 'spec'),
  }
}

/** Whether the object may be stored: as the policy would be with it. Looks at nothing but its arguments, so a dry run is as any other. */
export function reviewObject(review: Review, facts: ReviewFacts): ReviewAnswer {
  const { operation, group, namespace, name } = review
  const kind = policyKindNames.find((each) => each === review.kind)
  if (group !== KUBERNETES_GROUP || kind === undefined) {
    return refused(`${review.kind || 'This'} is no policy object: the webhook is for ${KUBERNETES_GROUP}.`)
  }
  // a deletion is never held up: what is still needed stays in force, and a namespace can always be cleared away
  if (operation === 'DELETE') return allowed([])
  if (namespace !== facts.namespace)
    return allowed([`Gatehouse reads namespace '${facts.namespace}', not '${namespace}': this object has no effect`])
  if (!facts.ownedKinds.has(kind))
    return allowed([`${kind} is not taken from the cluster (policy.kubernetes.kinds): this object has no effect`])
  const read = readObject(kind, name, review.spec)
  if (!read.ok) return refused(told(`${kind}/${name}`, read.problems))
  const others = facts.objects.filter((object) => object.kind !== kind || object.name !== name)
  const found = checkPolicy([...others, read.object], { nowMs: facts.nowMs, where: IN_CLUSTER })
  const key = keyOf(read.object)
  // what is referred to may come with the next object of the same `kubectl apply`; it is not in force before
  const errors = found.filter(({ severity, code }) => severity === 'error' && code !== 'GH-DOCUMENT-REFERENCE')
  if (errors.length > 0) return { ...refused(told(key, errors)), isAboutOthers: true }
  const awaited = found.filter(({ object, code }) => object === key && code === 'GH-DOCUMENT-REFERENCE')
  const warnings = found.filter(({ object, severity }) => object === key && severity === 'warning')
  return allowed([
    ...awaited.map((problem) => `not in force until this is mended: ${formatObjectProblem(problem)}`),
    ...warnings.map(formatObjectProblem),
  ])
}

/** The answer as the API server reads it. */
export function reviewResponse(uid: string, answer: ReviewAnswer): unknown {
  const { isAllowed, message, warnings } = answer
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: isAllowed,
      ...(isAllowed ? {} : { status: { code: 422, reason: 'Invalid', message } }),
      ...(warnings.length === 0 ? {} : { warnings: warnings.slice(0, MAX_WARNINGS).map((text) => text.slice(0, MAX_WARNING_CHARS)) }),
    },
  }
}

function allowed(warnings: readonly string[]): ReviewAnswer {
  return { isAllowed: true, message: '', warnings, isAboutOthers: false }
}

function refused(message: string): ReviewAnswer {
  return { isAllowed: false, message, warnings: [], isAboutOthers: false }
}

/** `Partner/fabrikam: 'spec.edge' …(CODE). Remedy`, one line each; of another object its name stands in front. */
function told(key: string, problems: readonly ObjectProblem[]): string {
  const first = [...problems].sort((left, right) => Number(right.object === key) - Number(left.object === key)).slice(0, MAX_PROBLEMS)
  const lines = first.map((problem) => `${problem.object}: ${formatObjectProblem(problem)}. ${problem.remedy}`)
  const more = problems.length - first.length
  return [...lines, ...(more > 0 ? [`${more} more problems.`] : [])].join('\n')
}
