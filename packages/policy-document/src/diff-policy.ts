import type { PolicyObject } from '@gatehouse/policy-engine'
import { exportObject, isSameObject, sortObjects } from './canonical.ts'
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
  const old = new Map(before.map((object) => [keyOf(object), object]))
  const touched: { readonly was: PolicyObject | undefined; readonly is: PolicyObject | undefined }[] = []
  const seen = new Set<string>()
  for (const is of new Map(after.map((object) => [keyOf(object), object])).values()) {
    const key = keyOf(is)
    const was = old.get(key)
    seen.add(key)
    if (was === undefined || !isSameObject(was, is)) touched.push({ was, is })
  }
  for (const [key, was] of old) if (!seen.has(key)) touched.push({ was, is: undefined })
  const byObject = new Map(touched.map((one) => [(one.is ?? one.was) as PolicyObject, one]))
  return sortObjects([...byObject.keys()]).map((object) => {
    const { was, is } = byObject.get(object)!
    const action = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    return { action, object: keyOf(object), before: was, after: is }
  })
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
