import type { ObjectDifference } from '@gatehouse/policy-document'

/** As many changes as a line of the history can name. */
const MAX_NAMED = 8

/** Why a revision was made, for the history: what changed in the cluster. */
export function reasonOf(namespace: string, differences: readonly Pick<ObjectDifference, 'action' | 'object'>[]): string {
  const named = differences.slice(0, MAX_NAMED).map(({ action, object }) => `${object} ${action}`)
  const more = differences.length - named.length
  return `namespace ${namespace}: ${named.join(', ')}${more === 0 ? '' : `, and ${more} more`}`
}

/** Where an object was written, for `gatehouse explain`. */
export function placeOf(namespace: string, object: string): string {
  return `kubernetes:${namespace}/${object}`
}
