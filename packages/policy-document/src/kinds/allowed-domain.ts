import { z } from 'zod'
import { domainName, instant, plainText, queueSetting, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const allowedDomain: KindDefinition<'AllowedDomain'> = {
  kind: 'AllowedDomain',
  summary: 'A domain that may federate; its edge is found by SRV (`_sipfederationtls._tcp`) and has to lie in the same domain.',
  isSingleton: false,
  spec: z.strictObject({
    domain: domainName.describe('The domain. Of several entries that fit, the longest counts; a block entry always beats it.'),
    subdomains: z.boolean().default(false).describe('Everything below it is allowed too.'),
    owner: plainText.optional().describe('Who answers for this entry.'),
    reason: plainText.optional().describe('Why it is here.'),
    expires: instant.optional().describe('From then on the entry has no effect.'),
    verification: verificationLevel.default('useSourceVerification'),
    queue: queueSetting,
  }),
}
