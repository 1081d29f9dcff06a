import { z } from 'zod'
import { archiveMode, domainName } from './fields.ts'

export const startRight = z.enum(['both', 'inside', 'outside', 'none'])

const providerNames = z.array(z.string().min(1).max(253)).max(1000)
const domainNames = z.array(domainName).max(10_000)

/** What may be said of a user or a group; whatever is left out is left to the next level. */
export const rightsFields = {
  federation: z
    .boolean()
    .optional()
    .describe('May communicate with federated partners. Absent: the next level says (user, groups, UserSettings).'),
  publicIm: z
    .boolean()
    .optional()
    .describe('May communicate with public networks (providers and networks with `public: true`). Absent on every level: as `federation`.'),
  publicNetworks: providerNames
    .optional()
    .describe('Only these providers and networks, by name. Absent: the next level says, in the end every enabled one.'),
  remote: z
    .boolean()
    .optional()
    .describe('May sign in from outside. Kept for the home servers; no rule of the gate reads it, and the check warns.'),
  start: startRight
    .optional()
    .describe(
      'Who may begin a conversation: `both`, `inside` (only our user), `outside` (only the other side), `none`. With a contact either side always may.',
    ),
  allowedDomains: domainNames
    .optional()
    .describe('Only these outside domains, each exactly; empty: none. Absent: the next level says, in the end any.'),
  blockedDomains: domainNames
    .optional()
    .describe('Not these outside domains nor anything below them. The lists of all levels are joined: a block always counts.'),
  archiving: archiveMode
    .optional()
    .describe(
      'What is kept of their messages: `off`, `envelope`, `body`. Among groups, and between two internal users, the most counts. Absent: the next level says, in the end `Archiving`.',
    ),
}
