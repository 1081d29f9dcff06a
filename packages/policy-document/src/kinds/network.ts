import { z } from 'zod'
import { networkDomain, queueSetting, verificationLevel } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

const kinds = ['message', 'typing', 'receipt', 'presence', 'session'] as const

export const network: KindDefinition<'Network'> = {
  kind: 'Network',
  summary: 'A public network that a connector of public-im-bridge reaches. Off until enabled.',
  isSingleton: false,
  spec: z
    .strictObject({
      protocol: z
        .string()
        .regex(/^[a-z][a-z0-9]{0,31}$/, "write the connector's word, such as 'xmpp' or 'irc'")
        .describe('Which connector reaches it: `xmpp`, `irc`.'),
      domains: z
        .array(networkDomain)
        .max(10_000)
        .default([])
        .describe('Domains of its people; `*.example.org` for everything below example.org. They are taken from nobody else.'),
      openDomains: z
        .boolean()
        .default(false)
        .describe('Also any domain that no other entry has and that has no SIP federation record. One network may have this.'),
      public: z.boolean().default(true).describe('Users need `publicIm`. `false`: they need `federation`, as for a partner.'),
      enabled: z.boolean().default(false).describe('Messages pass from and to it.'),
      verification: verificationLevel
        .default('useSourceVerification')
        .describe(
          'Who is marked verified: `useSourceVerification` whose evidence is V2 or V3, `alwaysVerifiable` everybody, `alwaysUnverifiable` nobody.',
        ),
      minEvidence: z
        .enum(['V0', 'V1', 'V2', 'V3'])
        .default('V0')
        .describe('Messages with weaker evidence about their sender are refused; V0 refuses none.'),
      kinds: z
        .array(z.enum(kinds))
        .min(1)
        .default([...kinds])
        .describe('What passes from and to it.'),
      queue: queueSetting,
    })
    .superRefine((spec, context) => {
      if (spec.domains.length === 0 && !spec.openDomains)
        context.addIssue({ code: 'custom', message: 'write `domains:` or `openDomains: true`' })
    }),
}
