import { z } from 'zod'

/** Configuration of the policy service; `docs/reference/config.md` is generated from it. */
export const policyConfig = z.strictObject({
  databaseFile: z.string().min(1).describe('SQLite file with every revision of the policy; its folder has to exist.'),
  signingKeyFile: z
    .string()
    .optional()
    .describe(
      'Ed25519 private key (PEM) that signs snapshots. Absent: databaseFile with .key; made at the first start (mode 0600), its public half as .key.pub.',
    ),
  heartbeatMs: z
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('How often replicas are told that the policy service lives; keep it well below their maxStalenessMs.'),
})

export type PolicyConfig = z.infer<typeof policyConfig>
