import { z } from 'zod'
import { imAddress } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'
import { rightsFields } from '../rights-fields.ts'

export const group: KindDefinition<'Group'> = {
  kind: 'Group',
  summary:
    'Rights of several internal users at once, and a name for ethical walls. Among groups of one user `false` beats `true`, the narrower `start` the wider; allowed domains and networks are joined.',
  isSingleton: false,
  spec: z.strictObject({
    members: z.array(imAddress).max(100_000).default([]).describe('Internal users, as user@domain.'),
    directoryGroup: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'Group of the directory or an import whose members belong too: distinguished name, or plain name. Needs `UserSettings.lookUp`. Absent: the group of the same name.',
      ),
    ...rightsFields,
  }),
}
