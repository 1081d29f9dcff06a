import type { PolicyCode } from '../errors.ts'
import type { RuleContext } from '../rule-context.ts'
import type { Relation } from '../snapshot.ts'

/** What a policy object demands of the peer's certificate besides its names: authority, key, purpose. */
export function checkCredentials(context: RuleContext, relation: Relation): PolicyCode | undefined {
  const { peer } = context.input
  if (relation.trust.length > 0 && !relation.trust.some((store) => peer.anchors.includes(store))) {
    return context.deny(
      'GH-POLICY-SOURCE-TRUST',
      `It chains to ${peer.anchors.join(', ') || 'no store'}; demanded is one of ${relation.trust.join(', ')}.`,
      relation.source,
    )
  }
  if (relation.pins.length > 0 && !relation.pins.includes(peer.spkiPin)) {
    return context.deny('GH-POLICY-SOURCE-PIN', `Its pin is ${peer.spkiPin}.`, relation.source)
  }
  if (relation.requireClientAuth && !peer.mayBeTlsClient) {
    return context.deny('GH-POLICY-SOURCE-CLIENT-AUTH', `Serial ${peer.serial} of ${peer.issuer}.`, relation.source)
  }
  return undefined
}
