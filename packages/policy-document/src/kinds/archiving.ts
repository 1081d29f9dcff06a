import { z } from 'zod'
import { archiveMode } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'

export const archiving: KindDefinition<'Archiving'> = {
  kind: 'Archiving',
  summary:
    'What is put on record. Without this object everything is, bodies too. `UserRights.archiving` and `Group.archiving` of the internal user say otherwise.',
  isSingleton: true,
  spec: z.strictObject({
    duty: z
      .enum(['required', 'bestEffort', 'off'])
      .default('required')
      .describe(
        '`required`: nothing passes that is not on record first; without the archive senders get 503. `off`: nothing is kept of anybody.',
      ),
    body: z.boolean().default(true).describe('The message bodies are kept too; `false`: as mode `envelope`.'),
    federation: archiveMode.optional().describe('Mode for federated partners: `off`, `envelope`, `body`. Absent: as `body` says.'),
    publicNetworks: archiveMode
      .optional()
      .describe('Mode for public networks (providers and networks with `public: true`). Absent: as `body` says.'),
    internal: archiveMode
      .optional()
      .describe('Mode for what own users write to each other, where it passes the gate. Absent: as `body` says.'),
    networks: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(253).describe('Name of a Provider or Network.'),
          mode: archiveMode.describe('`off`, `envelope`, `body`.'),
        }),
      )
      .max(1000)
      .default([])
      .describe('Modes of single networks; they count before `publicNetworks` and `federation`.'),
  }),
}
