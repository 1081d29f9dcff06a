import { z } from 'zod'

const endpoint = z.strictObject({
  address: z.string().default('0.0.0.0').describe('Address to listen on.'),
  port: z.int().min(0).max(65_535).describe('Port; 0: the system chooses.'),
})

const target = z.strictObject({
  domain: z.string().describe('Domain whose server it is.'),
  host: z.string().describe('Host or address to connect to.'),
  port: z.int().min(1).max(65_535),
  tls: z.enum(['starttls', 'direct']).default('starttls').describe('`direct`: TLS from the first byte (XEP-0368).'),
})

const component = z.strictObject({
  host: z.string().describe('Host of the home server’s component port. XEP-0114 is not encrypted: loopback or a private network only.'),
  port: z.int().min(1).max(65_535).default(5347),
  server: z.string().describe('Domain of ours that the home server serves.'),
  domain: z.string().describe('Outside domain that the home server hands over to the gate.'),
  secretFile: z.string().describe('File with the secret that the home server’s configuration has for the component.'),
})

const homeServer = z.strictObject({
  server: z.string().describe('Domain of ours that it serves.'),
  host: z.string().describe('Host or address of its port for servers; it is not looked up in DNS.'),
  port: z.int().min(1).max(65_535).default(5269),
  tls: z.enum(['starttls', 'direct']).default('starttls').describe('`direct`: TLS from the first byte (XEP-0368).'),
})

const home = z.strictObject({
  listen: endpoint.describe('Where they connect: an address that only the inside reaches.'),
  servers: z.array(homeServer).min(1).describe('Home servers of ours.'),
  domains: z
    .array(z.string())
    .min(1)
    .describe(
      'Outside domains that the gate is for them; DNS inside leads `_xmpp-server._tcp` of each to `listen`, and `certificates` should name them.',
    ),
  auth: z
    .enum(['certificate', 'dialback'])
    .default('certificate')
    .describe('`dialback`: a home server whose certificate does not speak for its domain may prove itself by answering at its `host`.'),
})

/** `publicImBridge.networks.<name>` of an XMPP network. */
export const xmppConfigSchema = z.strictObject({
  listen: endpoint
    .optional()
    .describe('Where other servers connect, plain with STARTTLS: port 5269. Without it nothing comes in but by bidi.'),
  listenDirectTls: endpoint.optional().describe('The same with TLS from the first byte (XEP-0368): port 5270.'),
  incoming: z
    .enum(['certificate', 'dialback'])
    .default('dialback')
    .describe('`certificate`: only servers whose certificate speaks for their domain. `dialback`: the others too, their people marked V0.'),
  outgoing: z
    .enum(['certificate', 'dialback'])
    .default('certificate')
    .describe(
      '`certificate`: nothing is sent to a server whose certificate does not speak for its domain. `dialback`: DNS alone may say who it is.',
    ),
  useExternal: z.boolean().default(true).describe('Show our certificate (SASL EXTERNAL); false: dialback only.'),
  accountHints: z
    .enum(['ignore', 'lower', 'require'])
    .default('lower')
    .describe(
      'XEP-0489, of servers with a good certificate: `lower`: anonymous accounts count as V1. `require`: those without a hint as V2.',
    ),
  bidi: z.boolean().default(true).describe('Both directions on one connection where the other side can (XEP-0288).'),
  streamManagement: z.boolean().default(true).describe('Acknowledgements and resumption where the other side can (XEP-0198).'),
  targets: z.array(target).default([]).describe('Servers that are not to be looked up in DNS.'),
  components: z.array(component).default([]).describe('Home servers of ours that the gate joins as a component (XEP-0114).'),
  home: home.optional().describe('Home servers of ours that the gate speaks with server to server, instead of as a component.'),
  dialbackSecret: z
    .string()
    .default('')
    .describe('Name of the secret of dialback keys in the bridge’s secret store; replicas share it. Empty: made by itself.'),
  maxStanzaBytes: z.int().min(10_000).max(10_485_760).default(262_144).describe('Largest stanza of an authenticated server.'),
  confirmMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(3_000)
    .describe('How long to wait for a sign that the other server has a message, and for its refusal.'),
  idleMs: z.int().min(10_000).default(600_000).describe('A stream without stanzas for so long is closed.'),
})

export type XmppConfig = z.infer<typeof xmppConfigSchema>
