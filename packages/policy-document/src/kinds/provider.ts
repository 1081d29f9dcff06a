import { z } from 'zod'
import { domainName, edgeName, peerFields, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const provider: KindDefinition<'Provider'> = {
  kind: 'Provider',
  summary: 'A public network or hosting provider that speaks SIP through one edge for many domains. Off until enabled.',
  isSingleton: false,
  spec: z.strictObject({
    edge: edgeName.describe('`host` or `host:port` (5061) of its edge, which its certificate has to carry; one provider per edge.'),
    domains: z
      .array(domainName)
      .max(10_000)
      .default([])
      .describe('The domains it carries. Empty: those whose SRV record leads to its edge.'),
    public: z
      .boolean()
      .default(true)
      .describe('A public network. `false`: a hosting provider, whose domains have to be allowed or discoverable as well.'),
    enabled: z.boolean().default(false).describe('Messages pass from and to it.'),
    verification: verificationLevel.default('useSourceVerification'),
    checkSrv: z
      .boolean()
      .default(false)
      .describe(
        'The SRV record of every sender’s domain has to lead to its edge. Without it a public provider may speak for any domain that no other entry has; for an `AllowedDomain` and for a hosting provider the record counts always.',
      ),
    ...peerFields,
  }),
}
