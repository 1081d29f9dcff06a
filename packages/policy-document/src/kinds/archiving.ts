import { z } from 'zod'
import type { KindDefinition } from '../kind-definition.ts'

export const archiving: KindDefinition<'Archiving'> = {
  kind: 'Archiving',
  summary: 'What is put on record. Without this object everything is, bodies too.',
  isSingleton: true,
  spec: z.strictObject({
    duty: z
      .enum(['required', 'bestEffort', 'off'])
      .default('required')
      .describe('`required`: nothing passes that is not on record first; without the archive senders get 503.'),
    body: z.boolean().default(true).describe('The message bodies are kept too.'),
  }),
}
