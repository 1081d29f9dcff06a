import { z } from 'zod'
import { domainName, imAddress, instant, plainText } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

const side = z
  .strictObject({
    groups: z.array(z.string().min(1).max(253)).max(1000).default([]).describe('Names of `Group` objects.'),
    users: z.array(imAddress).max(10_000).default([]).describe('Single addresses, inside or outside.'),
    domains: z.array(domainName).max(10_000).default([]).describe('Domains with everything below them, inside or outside.'),
  })
  .superRefine((spec, context) => {
    if (spec.groups.length + spec.users.length + spec.domains.length === 0) {
      context.addIssue({ code: 'custom', message: 'name at least one group, user or domain' })
    }
  })

export const ethicalWall: KindDefinition<'EthicalWall'> = {
  kind: 'EthicalWall',
  summary: 'Who is on its left and who is on its right may not communicate through the gate, in either direction. No right overrides it.',
  isSingleton: false,
  spec: z.strictObject({
    left: side.describe('One side.'),
    right: side.describe('The other side.'),
    owner: plainText.describe('Who answers for this wall.'),
    reason: plainText.describe('Why it is here; shown by `gatehouse explain`.'),
    expires: instant.optional().describe('From then on the wall has no effect.'),
  }),
}
