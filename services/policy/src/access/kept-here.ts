import type { ObjectDifference } from '@gatehouse/policy-document'
import { policyError } from '../errors.ts'

/** Throws GH-REVISION-CLUSTER when one of the changes is about a kind that is kept in the cluster: it would be undone at once. */
export function requireKeptHere(clusterKinds: readonly string[], changes: readonly Pick<ObjectDifference, 'object'>[]): void {
  const elsewhere = changes.filter(({ object }) => clusterKinds.includes(object.slice(0, object.indexOf('/'))))
  const first = elsewhere[0]
  if (first === undefined) return
  const more = elsewhere.length === 1 ? '' : ` and ${elsewhere.length - 1} more`
  throw policyError('GH-REVISION-CLUSTER', `This would change ${first.object}${more}.`)
}
