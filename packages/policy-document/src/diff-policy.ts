import type { PolicyObject } from '@gatehouse/policy-engine'
import { exportObject, sortObjects } from './canonical.ts'
import { keyOf } from './problem.ts'

/** What became of one object, as canonical text; empty where there is none. */
export interface ObjectChange {
  readonly action: 'added' | 'changed' | 'removed'
  /** `kind/name`. */
  readonly object: string
  readonly before: string
  readonly after: string
}

/** What differs between two policies, object by object, in canonical order. */
export function diffPolicy(before: readonly PolicyObject[], after: readonly PolicyObject[]): ObjectChange[] {
  const old = new Map(before.map((object) => [keyOf(object), object]))
  const present = new Map(after.map((object) => [keyOf(object), object]))
  const changes: ObjectChange[] = []
  for (const object of sortObjects([...new Map([...old, ...present]).values()])) {
    const key = keyOf(object)
    const was = old.get(key)
    const is = present.get(key)
    if (was !== undefined && is !== undefined && JSON.stringify(was) === JSON.stringify(is)) continue
    const texts = { before: textOf(was), after: textOf(is) }
    if (texts.before === texts.after) continue
    const action = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    changes.push({ action, object: key, ...texts })
  }
  return changes
}

function textOf(object: PolicyObject | undefined): string {
  return object === undefined ? '' : exportObject(object)
}
