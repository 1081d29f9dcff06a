import { z } from 'zod'
import { methodFilter, observeMode, queueSetting, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const federationSettings: KindDefinition<'FederationSettings'> = {
  kind: 'FederationSettings',
  summary: 'The switches of the whole gate. Without this object everything is off.',
  isSingleton: true,
  spec: z.strictObject({
    enabled: z.boolean().default(false).describe('Messages may cross the border at all.'),
    discovery: z
      .boolean()
      .default(false)
      .describe('Open federation: domains nobody configured may come in, and be found, by SRV, under the limits for discovered peers.'),
    discoveredVerification: verificationLevel.default('useSourceVerification'),
    defaultRoute: z.string().optional().describe('Name of the `Clearinghouse` that carries what nothing else covers.'),
    beClearinghouse: z.boolean().default(false).describe('We are the clearinghouse: direct partners may reach each other through us.'),
    missingMark: z
      .enum(['unverified', 'reject'])
      .default('unverified')
      .describe('What a message without a verification mark is, from a peer whose mark counts.'),
    unverified: z
      .strictObject({
        message: z
          .enum(['contactsOnly', 'deliver', 'refuse'])
          .default('contactsOnly')
          .describe('Messages and sessions; `contactsOnly`: only from the recipient’s contacts.'),
        presence: z
          .enum(['contactsOnly', 'allow', 'block'])
          .default('contactsOnly')
          .describe('Presence requests; `contactsOnly`: only from contacts of the user watched.'),
        mode: observeMode
          .optional()
          .describe('`observe`: whom this would refuse gets through and is noted, to see what it would do; absent: it is refused.'),
      })
      .default({ message: 'contactsOnly', presence: 'contactsOnly' })
      .describe('What unverified senders may do.'),
    methods: methodFilter.optional().describe('Which SIP methods cross the border; absent: all.'),
    queue: queueSetting.describe(
      'What holds for destinations that say nothing of their own: messages for one that is certainly away wait in the outbox. Absent: nothing waits.',
    ),
  }),
}
