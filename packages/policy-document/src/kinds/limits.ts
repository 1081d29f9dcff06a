import { z } from 'zod'
import type { KindDefinition } from '../kind-definition.ts'

const perSecond = z.number().min(0.1).max(1_000_000)
const burst = z.number().int().min(1).max(1_000_000)

export const limits: KindDefinition<'Limits'> = {
  kind: 'Limits',
  summary: 'How much peers and users may send. Counted by each replica for itself.',
  isSingleton: true,
  spec: z.strictObject({
    discovered: z
      .strictObject({
        perSecond: perSecond.default(20).describe('Requests per second of one discovered peer (by certificate).'),
        addressees: z
          .number()
          .int()
          .min(1)
          .max(100_000)
          .default(1000)
          .describe('Distinct addresses, valid or not, it may write to in a day; then it is shut out.'),
        suspiciousPerSecond: perSecond.default(1).describe('Requests per second once most of its requests fail.'),
      })
      .default({ perSecond: 20, addressees: 1000, suspiciousPerSecond: 1 })
      .describe('Discovered peers; to list one as `AllowedDomain` or `Partner` lifts them.'),
    peer: z
      .strictObject({
        perSecond: perSecond.optional().describe('Requests per second of any one peer; absent: no limit.'),
        burst: burst.optional().describe('Requests at once; absent: as many as per second.'),
      })
      .default({})
      .describe('Each peer outside.'),
    user: z
      .strictObject({
        perSecond: perSecond.optional().describe('Requests per second of any one sender, inside or outside; absent: no limit.'),
        burst: burst.optional().describe('Requests at once; absent: as many as per second.'),
      })
      .default({})
      .describe('Each sender.'),
  }),
}
