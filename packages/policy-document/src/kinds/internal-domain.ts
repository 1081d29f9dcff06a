import { z } from 'zod'
import { domainName, queueSetting } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const internalDomain: KindDefinition<'InternalDomain'> = {
  kind: 'InternalDomain',
  summary: 'A domain that we serve. Nobody outside may speak for it; messages from outside are taken in for these only.',
  isSingleton: false,
  spec: z.strictObject({
    domain: domainName.describe('The SIP domain.'),
    subdomains: z.boolean().default(false).describe('Everything below it is ours too.'),
    homeSystem: z
      .enum(['sip', 'xmpp', 'gateway'])
      .optional()
      .describe(
        'What the server of its users speaks: `sip` (the internal edge; default), `xmpp` (public-im-bridge), or `gateway`: they are applications of ours (public-im-bridge).',
      ),
    queue: queueSetting,
  }),
}
