import { z } from 'zod'

const millis = z.number().int().min(0)

/** Section `policy` of every service that decides. */
export const policyFollowConfig = z
  .strictObject({
    publicKeyFile: z
      .string()
      .optional()
      .describe('Ed25519 public key (PEM) that snapshots must be signed with. Absent: the policy service in the same process.'),
    maxStalenessMs: millis
      .default(900_000)
      .describe('With the policy service or bus away, the last snapshot serves this long; then new traffic is refused. 0: for ever.'),
    maxCachedUsers: z
      .number()
      .int()
      .min(100)
      .default(100_000)
      .describe('Users whose facts are kept, where policy looks users up; about 1 kB each.'),
    factsTimeoutMs: millis
      .default(2_000)
      .describe('A lookup of facts that takes longer counts as failed; the sender may try again (in SIP: 503).'),
  })
  .prefault({})
