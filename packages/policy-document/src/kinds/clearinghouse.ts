import { z } from 'zod'
import { edgeName, peerFields, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const clearinghouse: KindDefinition<'Clearinghouse'> = {
  kind: 'Clearinghouse',
  summary: 'A clearinghouse; in use once `FederationSettings.defaultRoute` names it. It carries what no other entry covers.',
  isSingleton: false,
  spec: z.strictObject({
    edge: edgeName.describe('`host` or `host:port` (5061) of its edge, which its certificate has to carry.'),
    verification: verificationLevel.default('useSourceVerification'),
    ...peerFields,
  }),
}
