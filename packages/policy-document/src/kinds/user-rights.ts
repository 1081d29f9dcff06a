import { z } from 'zod'
import { imAddress } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const userRights: KindDefinition<'UserRights'> = {
  kind: 'UserRights',
  summary: 'What one internal user may do, and whom they know.',
  isSingleton: false,
  spec: z.strictObject({
    user: imAddress.describe('The internal user, as user@domain.'),
    federation: z.boolean().default(true).describe('May communicate with federated partners.'),
    contacts: z.array(imAddress).max(10_000).default([]).describe('Their contact list: unverified senders on it get through.'),
  }),
}
