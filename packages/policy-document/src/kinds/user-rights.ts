import { z } from 'zod'
import { domainName, imAddress } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'
import { rightsFields } from '../rights-fields.ts'

export const userRights: KindDefinition<'UserRights'> = {
  kind: 'UserRights',
  summary: 'What one internal user may do, and whom they know. What it says beats groups and UserSettings.',
  isSingleton: false,
  spec: z.strictObject({
    user: imAddress.describe('The internal user, as user@domain.'),
    ...rightsFields,
    contacts: z.array(imAddress).max(10_000).default([]).describe('Their contact list: unverified senders on it get through.'),
    safeList: z
      .array(z.union([imAddress, domainName]))
      .max(10_000)
      .default([])
      .describe('Addresses, and domains exactly, whose unverified users get through as well.'),
  }),
}
