import type { PolicyKind } from '@gatehouse/policy-engine'

/** A condition of an object's status, as the cluster keeps it. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
  readonly observedGeneration: number
}

export interface ClusterStatus {
  readonly observedGeneration: number
  /** Undefined: it is not in force. */
  readonly revision: number | undefined
  readonly inForce: string
  readonly conditions: readonly Condition[]
}

/** What counts of a custom resource. Its `spec` is whatever somebody wrote. */
export interface ClusterObject {
  readonly kind: PolicyKind
  readonly name: string
  readonly generation: number
  readonly resourceVersion: string
  readonly spec: unknown
  readonly status: ClusterStatus | undefined
}

/** An object of a list or event; undefined: it is none of that kind. Never throws. */
export function readClusterObject(kind: PolicyKind, value: unknown): ClusterObject | undefined {
  const metadata = member(value, 'metadata')
  const name = member(metadata, 'name')
  const resourceVersion = member(metadata, 'resourceVersion')
  const generation = member(metadata, 'generation')
  if (typeof name !== 'string' || name === '' || typeof resourceVersion !== 'string') return undefined
  return {
    kind,
    name,
    // a dry run of a new object has none yet
    generation: Number.isSafeInteger(generation) ? (generation as number) : 0,
    resourceVersion,
    spec: member(value, 'spec'),
    status: readStatus(member(value, 'status')),
  }
}

export function clusterKeyOf({ kind, name }: Pick<ClusterObject, 'kind' | 'name'>): string {
  return `${kind}/${name}`
}

/** A member of what may be anything. */
export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

/** What is not as we write it is as good as none: it is written anew. */
function readStatus(value: unknown): ClusterStatus | undefined {
  const observedGeneration = member(value, 'observedGeneration')
  const revision = member(value, 'revision')
  const inForce = member(value, 'inForce')
  const conditions = member(value, 'conditions')
  if (!Number.isSafeInteger(observedGeneration) || typeof inForce !== 'string' || !Array.isArray(conditions)) return undefined
  return {
    observedGeneration: observedGeneration as number,
    revision: Number.isSafeInteger(revision) ? (revision as number) : undefined,
    inForce,
    conditions: conditions as Condition[],
  }
}
