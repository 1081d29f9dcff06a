import { z } from 'zod'
import type { KindDefinition } from '../kind-definition.ts'
import { startRight } from '../rights-fields.ts'

export const userSettings: KindDefinition<'UserSettings'> = {
  kind: 'UserSettings',
  summary: 'What holds for users that nothing else is said about, and whether facts about users are looked up.',
  isSingleton: true,
  spec: z.strictObject({
    lookUp: z
      .boolean()
      .default(false)
      .describe(
        'Facts about users (directory, imports, learned and accepted contacts) are asked of the policy service. `false`: only this document counts.',
      ),
    unknown: z
      .enum(['accept', 'refuse'])
      .default('accept')
      .describe('Users that neither directory, import nor this document knows. `refuse` before the first import refuses everybody.'),
    federation: z.boolean().default(true).describe('May communicate with federated partners.'),
    publicIm: z.boolean().optional().describe('May communicate with public networks. Absent: as `federation` comes out for the user.'),
    publicNetworks: z
      .array(z.string().min(1).max(253))
      .max(1000)
      .optional()
      .describe('Only these providers and networks, by name. Absent: every enabled one.'),
    remote: z
      .boolean()
      .default(true)
      .describe('May sign in from outside. Kept for the home servers; no rule of the gate reads it, and the check warns of `false`.'),
    start: startRight
      .default('both')
      .describe('Who may begin a conversation: `both`, `inside`, `outside`, `none`. With a contact either side always may.'),
    learnDays: z
      .number()
      .int()
      .min(0)
      .max(3650)
      .default(0)
      .describe('So long a person our user wrote to counts as contact. 0: nothing is learned. Needs `lookUp`.'),
    firstContact: z
      .enum(['refuse', 'hold'])
      .default('refuse')
      .describe(
        'Unverified messages to people who do not know the sender, where `FederationSettings.unverified.message` is `contactsOnly`. `hold`: noted for `gatehouse quarantine`. Needs `lookUp`.',
      ),
    firstContactsPerPartner: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(100)
      .describe('Open held first contacts of one partner; further ones are refused without being noted.'),
  }),
}
