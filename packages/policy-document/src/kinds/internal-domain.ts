import { z } from 'zod'
import { domainName } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const internalDomain: KindDefinition<'InternalDomain'> = {
  kind: 'InternalDomain',
  summary: 'A domain that we serve. Nobody outside may speak for it; messages from outside are taken in for these only.',
  isSingleton: false,
  spec: z.strictObject({
    domain: domainName.describe('The SIP domain.'),
    subdomains: z.boolean().default(false).describe('Everything below it is ours too.'),
  }),
}
