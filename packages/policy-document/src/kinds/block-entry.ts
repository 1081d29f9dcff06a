import { z } from 'zod'
import { domainName, imAddress, instant, observeMode, plainText } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const blockEntry: KindDefinition<'BlockEntry'> = {
  kind: 'BlockEntry',
  summary: 'A domain, with everything below it, or one address that may neither send nor receive. No allow entry overrides it.',
  isSingleton: false,
  spec: z
    .strictObject({
      domain: domainName.optional().describe('The domain to block, subdomains included.'),
      address: imAddress.optional().describe('The address to block, as user@domain.'),
      owner: plainText.describe('Who answers for this entry.'),
      reason: plainText.describe('Why it is here; shown by `gatehouse explain`.'),
      expires: instant.optional().describe('From then on the entry has no effect.'),
      mode: observeMode
        .optional()
        .describe('`observe`: what it would refuse is noted, not refused; absent: it is refused. See `gatehouse policy observed`.'),
    })
    .superRefine((spec, context) => {
      if ((spec.domain === undefined) === (spec.address === undefined)) {
        context.addIssue({ code: 'custom', message: 'write either `domain` or `address`' })
      }
    }),
}
