import { z } from 'zod'
import { observeMode } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'
import { trafficScope } from '../traffic-scope.ts'

const TARGET = /^(unix:\/.{1,100}|[a-z0-9.-]{1,253}:\d{1,5}|\[[0-9a-f:.]+\]:\d{1,5})$/i

export const inspector: KindDefinition<'Inspector'> = {
  kind: 'Inspector',
  summary: 'A service of yours that is asked about each message before it passes (antivirus, data-loss prevention); `inspector.proto`.',
  isSingleton: false,
  spec: z.strictObject({
    target: z
      .string()
      .regex(TARGET, "write 'host:port' or 'unix:/path'")
      .describe('`host:port` (mutual TLS, certificates in `federationPeer.inspection`) or `unix:/path`.'),
    deadlineMs: z.number().int().min(10).max(10_000).default(1000).describe('An answer that takes longer is none.'),
    onFailure: z
      .enum(['open', 'closed'])
      .default('closed')
      .describe('Without an answer: `closed` refuses the message for now (503), `open` lets it pass; the archive says so.'),
    scope: trafficScope,
    kinds: z
      .array(z.enum(['message', 'typing', 'receipt', 'presence', 'session', 'other']))
      .min(1)
      .default(['message', 'session'])
      .describe('Which kinds of traffic; only requests that carry something are shown to it.'),
    mode: observeMode
      .optional()
      .describe(
        '`observe`: it is asked and its verdict noted; messages pass as they are, also without an answer. Absent: its verdict counts.',
      ),
  }),
}
