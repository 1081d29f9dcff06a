import { inspectionConfig } from '@gatehouse/inspection/config'
import { policyFollowConfig } from '@gatehouse/policy-follow/config'
import { z } from 'zod'

const port = z.number().int().min(1).max(65_535)
const hostName = z.string().min(1).max(253)
const millis = z.number().int().min(0)

const certificate = z
  .strictObject({
    certFile: z.string().describe('PEM file: our certificate, then its intermediates.'),
    keyFile: z.string().describe('PEM file: the private key of the certificate.'),
  })
  .describe('Our own certificate; the files are watched and a changed pair is used for new connections at once.')

const listen = z.strictObject({
  address: z.string().describe('IP address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(5061).describe('TCP port; 0 lets the system choose one.'),
})

const advertisedPort = z
  .number()
  .int()
  .min(1)
  .max(65_535)
  .optional()
  .describe('Port in Via and Record-Route, where a load balancer listens on another one than we do. Default: the port we listen on.')

const externalEdge = z.strictObject({
  name: hostName.describe('Name in Via and Record-Route; the same for every replica of a pool. Partners have to be able to resolve it.'),
  listen,
  advertisedPort,
  certificate,
  proxyProtocolFrom: z
    .array(z.string())
    .default([])
    .describe('CIDRs of load balancers that must send a PROXY protocol v2 header. From everybody else such a header is refused.'),
})

const internalEdge = z.strictObject({
  name: hostName.describe('Name in Via and Record-Route towards the inside.'),
  listen,
  advertisedPort,
  certificate,
  nextHop: z
    .strictObject({
      host: hostName.describe('Name of the inside server (director, home pool); it has to be in its certificate.'),
      port: port.default(5061),
      links: z.number().int().min(1).max(4).default(2).describe('Parallel connections to it.'),
      imMode: z
        .enum(['page', 'session'])
        .default('page')
        .describe(
          'How messages from networks reach it: MESSAGE by itself, or in a session after an INVITE, as Microsoft clients have it. In a session that is open they always go there.',
        ),
      imIdleMs: millis.min(1_000).default(600_000).describe('A session that the gate opened, or took, ends after so long without a word.'),
      imdn: z
        .boolean()
        .default(false)
        .describe('Whether users are asked for receipts, and told of them, in message/cpim (RFC 5438): their clients have to know it.'),
    })
    .describe('Where messages from outside go.'),
  servers: z
    .array(hostName)
    .default([])
    .describe('Names of further inside servers that may send through the internal edge; the next hop always may.'),
})

const trustStore = z.strictObject({
  name: z.string().min(1).describe('Name that a Partner refers to in its `trust` list.'),
  files: z.array(z.string()).min(1).describe('PEM or DER files with root certificates.'),
  use: z
    .enum(['both', 'external', 'internal'])
    .default('both')
    .describe('Which edge it counts on. Name the authority of your own servers `internal`: it then vouches for no partner.'),
})

const limits = z.strictObject({
  maxConnections: z.number().int().min(1).default(20_000).describe('Accepted connections per edge.'),
  maxConnectionsPerAddress: z.number().int().min(1).default(256).describe('Accepted connections per source address (IPv6: per /64).'),
  connectsPerSecondPerAddress: z
    .number()
    .min(1)
    .default(50)
    .describe('New connections per second from one source address, with a burst of four times that.'),
  handshakeTimeoutMs: millis.default(10_000).describe('A TLS handshake that takes longer is cut.'),
  messageTimeoutMs: millis.default(20_000).describe('A message that was begun has to be complete within this time.'),
  maxOpenTransactions: z
    .number()
    .int()
    .min(1)
    .default(50_000)
    .describe('Open server transactions in this replica; above it 503 with Retry-After.'),
  highMarkPerConnection: z
    .number()
    .int()
    .min(1)
    .default(400)
    .describe(
      'Open transactions of one connection above which it is not read any more (back-pressure), until they are down to half. Connections that have some open at the same time share this number, each gets at least 64: what one peer has in work is what the others wait for, and 400 are some 20 ms without archive.',
    ),
  maxOpenPerUser: z.number().int().min(1).default(200).describe('Open transactions of one sender address; above it 503 with Retry-After.'),
  maxImSessions: z
    .number()
    .int()
    .min(1)
    .default(20_000)
    .describe('Sessions with people on networks that are open at once in this replica; above it the one unused for longest is ended.'),
  maxSubscriptions: z
    .number()
    .int()
    .min(1)
    .default(50_000)
    .describe('Subscriptions to presence between SIP users and people on networks in this replica, each way.'),
  maxMalformedPerConnection: z.number().int().min(1).default(10).describe('Malformed messages after which a connection is closed.'),
  maxHeadBytes: z.number().int().min(1024).default(65_536).describe('Size of start line and headers of one message.'),
  maxBodyBytes: z.number().int().min(1024).default(1_048_576).describe('Size of one body.'),
})

const drain = z.strictObject({
  graceMs: millis.default(20_000).describe('After SIGTERM: not ready, but still serving, so that load balancers notice.'),
  closeMs: millis
    .default(10_000)
    .describe('Then: no new connections; open ones are closed one by one over this time, each when nothing is under way on it.'),
  finishMs: millis
    .default(32_000)
    .describe('Then: new requests on what is still open are refused with 503; open transactions may finish (64*T1, RFC 3261 §17.1.2.2).'),
})

const noticeText = z
  .string()
  .min(1)
  .max(1_000)
  .describe('The words; `{to}`, `{time}` and `{reference}` stand for the recipient, the time of the message, its Call-ID and CSeq.')

/** Bootstrap configuration of one federation-peer; `docs/reference/config.md` is generated from it. */
export const federationPeerConfig = z.strictObject({
  replica: z.string().min(1).default('federation-peer-0').describe('Name of this replica in logs, archive and status; unique.'),
  externalEdge,
  internalEdge,
  trust: z.array(trustStore).min(1).describe('Trust stores. Any of them may anchor a peer; a Partner may insist on some.'),
  crlFiles: z.array(z.string()).default([]).describe('Certificate revocation lists, PEM or DER; watched.'),
  revocation: z
    .enum(['whenPresent', 'require'])
    .default('whenPresent')
    .describe('require: a certificate whose issuer has no current CRL here is refused.'),
  dns: z
    .strictObject({
      servers: z.array(z.string()).default([]).describe('Resolvers as address or address:port; empty: those of the system.'),
      timeoutMs: millis.default(2_000).describe('How long one resolver may take.'),
      tries: z.number().int().min(1).max(10).default(2).describe('Attempts before a lookup counts as failed.'),
      maxTtlS: z.number().int().min(1).default(300).describe('Answers are kept at most this long.'),
    })
    .prefault({}),
  routing: z
    .strictObject({
      tokenKeyFile: z
        .string()
        .optional()
        .describe(
          'File with at least 32 random bytes, the same for all replicas: signs the routes of dialogs. Absent: random at start (one replica only).',
        ),
    })
    .prefault({}),
  policy: policyFollowConfig,
  inspection: inspectionConfig,
  echo: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Partners can test: a message to the echo user of any internal domain comes back to its sender, as a new message.'),
      user: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,64}$/)
        .default('echo')
        .describe('User part of the address. Policy judges messages to it, and the echoes, as those of anybody; what came is on record.'),
    })
    .prefault({})
    .describe('An address for tests; `gatehouse doctor` of a partner looks for it.'),
  outbox: z
    .strictObject({
      notice: z
        .strictObject({
          enabled: z
            .boolean()
            .default(true)
            .describe('A sender is told in words when a message that waited is given up. Who asked for receipts (RFC 5438) gets those.'),
          user: z
            .string()
            .min(1)
            .max(100)
            .default('gatehouse')
            .describe(
              'User part of the address that notices come from: `user@internalEdge.name` inside, `user@domain` of the recipient outside.',
            ),
          expired: noticeText.default('Your message of {time} to {to} was not delivered: the other side could not be reached in time.'),
          failed: noticeText.default('Your message of {time} to {to} was not delivered.'),
          uncertain: noticeText.default(
            'Your message of {time} to {to} may not have been delivered: the connection broke off. Please ask.',
          ),
        })
        .prefault({}),
    })
    .prefault({})
    .describe('Messages that waited for a destination that was away; policy says which may (`queue`).'),
  archiveTimeoutMs: millis
    .default(5_000)
    .describe('A commit that takes longer counts as failed, and so does an archive that nobody answers for so long; the sender gets 503.'),
  limits: limits.prefault({}),
  drain: drain.prefault({}),
})

export type FederationPeerConfig = z.infer<typeof federationPeerConfig>
