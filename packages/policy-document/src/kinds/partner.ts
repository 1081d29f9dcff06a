import { z } from 'zod'
import { domainName, edgeName, peerFields, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const partner: KindDefinition<'Partner'> = {
  kind: 'Partner',
  summary: 'An organisation we federate with, its domains and, for a direct partner, its edge.',
  isSingleton: false,
  spec: z.strictObject({
    domains: z.array(domainName).min(1).max(10_000).describe('Its SIP domains, each exactly; subdomains are written out.'),
    edge: edgeName
      .optional()
      .describe(
        '`host` or `host:port` (5061) of its edge, which its certificate has to carry. Absent: found by SRV, under the same-domain rule.',
      ),
    verification: verificationLevel.default('useSourceVerification'),
    ...peerFields,
    traceContext: z
      .enum(['none', 'accept', 'send', 'both'])
      .optional()
      .describe(
        'What becomes of trace context (W3C `traceparent`) between this partner and us: `accept` notes its context as a link beside our own trace, `send` tells it ours, of messages that are traced; `none`, or absent, takes the headers off both ways. A partner never decides what we trace.',
      ),
    enabled: z.boolean().default(true).describe('`false` refuses its domains, also where discovery or another rule would let them in.'),
  }),
}
