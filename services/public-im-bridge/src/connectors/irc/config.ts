import { normaliseDomain } from '@gatehouse/im-model'
import { defaultFloodLimits } from '@gatehouse/irc-core'
import { z } from 'zod'

const host = z.string().min(1).max(253)

export const ircConfig = z.strictObject({
  host: host.describe('A server of the network; its certificate has to carry this name.'),
  port: z.int().min(1).max(65_535).default(6697).describe('Port for TLS from the first byte.'),
  domain: z
    .string()
    .refine((text) => normaliseDomain(text) === text, 'not a domain in lower case')
    .describe(
      'The domain under which our users know its people: `alice@irc.example.net` is the account alice, `~alice@…` whoever has that nick.',
    ),
  accountEvidence: z
    .enum(['V1', 'V2'])
    .default('V1')
    .describe('What a login to the network’s services proves. `V2` only where the network vouches for its accounts.'),
  ownership: z
    .enum(['check', 'trust-nick'])
    .default('check')
    .describe(
      '`check`: what is meant for an account goes to a nick only after the server said that it is logged in to that account. `trust-nick`: on networks without accounts a nick is as good as it gets; then everybody is `~nick`.',
    ),
  services: z
    .array(z.string().min(1).max(64))
    .max(100)
    .default(['NickServ', 'SaslServ', 'ChanServ', 'MemoServ', 'HostServ', 'OperServ', 'BotServ', 'Global'])
    .describe('Nicks of the network’s own services. Their notices are for the account and not for the user.'),
  flood: z
    .strictObject({
      burstLines: z.int().min(1).max(100).default(defaultFloodLimits.burstLines),
      msPerLine: z.int().min(1).max(60_000).default(defaultFloodLimits.msPerLine),
    })
    .default(defaultFloodLimits)
    .describe('Pace of one account: lines at once, then milliseconds for each. The network cuts who is faster.'),
  askAwayMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(120_000)
    .describe('How often a network without `extended-monitor` is asked who of those that are watched is away.'),
  connectTimeoutMs: z.int().min(1000).max(120_000).default(30_000),
})

export type IrcConfig = z.infer<typeof ircConfig>
