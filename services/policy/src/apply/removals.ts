import { keyOf } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { policyError } from '../errors.ts'

/** Keys of what is to be deleted. Throws GH-REVISION-OBJECT when something named is not there: a typing mistake must not look like success. */
export function removalsOf(
  inForce: readonly PolicyObject[],
  order: { readonly remove: readonly string[]; readonly unblock: readonly string[] },
): ReadonlySet<string> {
  const gone = new Set<string>()
  if (order.remove.length === 0 && order.unblock.length === 0) return gone
  const keys = new Set(inForce.map(keyOf))
  for (const key of order.remove) {
    if (!keys.has(key)) throw policyError('GH-REVISION-OBJECT', `${JSON.stringify(key.slice(0, 300))} is not in force.`)
    gone.add(key)
  }
  const wanted = new Set(order.unblock.map((name) => name.toLowerCase()))
  const found = new Set<string>()
  for (const object of inForce) {
    if (object.kind !== 'BlockEntry') continue
    const target = object.spec.domain ?? object.spec.address ?? ''
    if (!wanted.has(target)) continue
    found.add(target)
    gone.add(keyOf(object))
  }
  for (const name of wanted)
    if (!found.has(name)) throw policyError('GH-REVISION-OBJECT', `No block entry is for ${JSON.stringify(name.slice(0, 300))}.`)
  return gone
}
