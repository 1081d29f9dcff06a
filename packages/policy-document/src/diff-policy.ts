import type { PolicyObject } from '@gatehouse/policy-engine'
import { exportObject, isSameObject, sortObjects } from './canonical.ts'
import { indexObjects } from './object-index.ts'
import { keyOf } from './problem.ts'

/** What became of one object. */
export interface ObjectDifference {
  readonly action: 'added' | 'changed' | 'removed'
  /** `kind/name`. */
  readonly object: string
  readonly before: PolicyObject | undefined
  readonly after: PolicyObject | undefined
}

/** What became of one object, as canonical text; empty where there is none. */
export interface ObjectChange {
  readonly action: ObjectDifference['action']
  /** `kind/name`. */
  readonly object: string
  readonly before: string
  readonly after: string
}

/** What differs between two policies, object by object, in canonical order. Linear but for sorting what differs. */
export function comparePolicy(before: readonly PolicyObject[], after: readonly PolicyObject[]): ObjectDifference[] {
  const left = indexObjects(before)
  const touched = new Map<PolicyObject, ObjectDifference>()
  for (const is of indexObjects(after).values()) {
    const was = left.get(is)
    left.delete(is)
    if (was !== undefined && isSameObject(was, is)) continue
    touched.set(is, { action: was === undefined ? 'added' : 'changed', object: keyOf(is), before: was, after: is })
  }
  for (const was of left.values()) touched.set(was, { action: 'removed', object: keyOf(was), before: was, after: undefined })
  return sortObjects([...touched.keys()]).map((object) => touched.get(object)!)
}

/** The same in words. */
export function describeDifference({ action, object, before, after }: ObjectDifference): ObjectChange {
  return { action, object, before: textOf(before), after: textOf(after) }
}

/** `comparePolicy` with every object's text: for policies that people look at. */
export function diffPolicy(before: readonly PolicyObject[], after: readonly PolicyObject[]): ObjectChange[] {
  return comparePolicy(before, after).map(describeDifference)
}

function textOf(object: PolicyObject | undefined): string {
  return object === undefined ? '' : exportObject(object)
}
