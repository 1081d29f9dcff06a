import { archiveConfig } from '@gatehouse/archive/config'
import { federationPeerConfig } from '@gatehouse/federation-peer/config'
import { policyConfig } from '@gatehouse/policy/config'
import { publicImBridgeConfig } from '@gatehouse/public-im-bridge/config'
import { z } from 'zod'
import { controlRoleNames } from './control-access.ts'
import { telemetryConfig } from './telemetry-config.ts'

const control = z.strictObject({
  listen: z
    .string()
    .optional()
    .describe(
      'Where the command line connects: unix:/path (only its owner may) or host:port, which needs `tls`. Default: unix:.gatehouse/control.sock with `up`, unix:.gatehouse/<service>.sock with `service`.',
    ),
  tls: z
    .strictObject({
      certFile: z.string().describe('PEM file: certificate of this service.'),
      keyFile: z.string().describe('PEM file: its private key.'),
      caFile: z.string().describe('PEM file: the authority whose certificates callers must have.'),
    })
    .optional()
    .describe('Mutual TLS of the control address; the files are watched.'),
  access: z
    .array(
      z.strictObject({
        caller: z.string().min(1).max(300).describe('Common name of the client certificate, or else its first DNS name.'),
        role: z.enum(controlRoleNames).describe('`admin`, `operator` or `auditor`.'),
      }),
    )
    .default([])
    .describe(
      'Who may do what over TCP with links to partners, waiting messages, networks and the live tail; a caller that is not listed is refused. Policy and archive have lists of their own. The unix socket belongs to its owner, who may do everything.',
    ),
})

const nats = z.strictObject({
  driver: z.literal('nats').describe('Services in processes of their own, and several replicas, talk over NATS with JetStream.'),
  servers: z.array(z.string().min(1)).min(1).describe('host:port, several for a cluster.'),
  tls: z
    .strictObject({
      caFile: z.string().optional().describe('PEM file: authority of the servers.'),
      certFile: z.string().optional().describe('PEM file: our certificate, for servers that verify.'),
      keyFile: z.string().optional().describe('PEM file: its private key.'),
    })
    .optional()
    .describe('TLS towards the servers.'),
  credentialsFile: z.string().optional().describe('JWT and seed as `nsc` writes them.'),
  inboxPrefix: z.string().optional().describe('Replies come in below this subject; default _INBOX.'),
  bucketReplicas: z.int().min(1).max(5).default(1).describe('Copies of each bucket, and of the outbox, in a cluster: 1, 3 or 5.'),
  monitors: z
    .array(z.url())
    .default([])
    .describe(
      'Monitoring addresses (`http://host:8222`) of all servers of the cluster. The outbox needs them: they tell whether a server writes to its disk before it acknowledges (`sync_interval: always`).',
    ),
})

const embedded = z.strictObject({
  driver: z.literal('embedded').describe('All services in this process; nothing to install.'),
})

const outbox = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe(
      'Messages can wait for destinations that are away, where policy says so (`queue`). Default: on with the embedded bus, off with NATS.',
    ),
  file: z.string().min(1).optional().describe('SQLite file of what waits, with the embedded bus. Default: outbox.db in stateDir.'),
  maxPerDestination: z.int().min(1).max(1_000_000).default(10_000).describe('Messages that may wait for one destination; then 503.'),
})

/** Bootstrap configuration of `gatehouse up`: one file for all services of the process. */
export const gatehouseConfig = z.strictObject({
  stateDir: z.string().min(1).default('state').describe('Folder for databases and keys; made when it is not there.'),
  control: control.prefault({}).describe('The control address.'),
  telemetry: telemetryConfig.prefault({}).describe('Log, traces, metrics and health.'),
  bus: z.discriminatedUnion('driver', [embedded, nats]).default({ driver: 'embedded' }).describe('How the services talk to each other.'),
  outbox: outbox.prefault({}).describe('Messages for destinations that are away.'),
  federationPeer: federationPeerConfig.optional().describe('The SIP edge; `up` needs it. Absent: none, as for a service that runs alone.'),
  publicImBridge: publicImBridgeConfig.optional().describe('Public networks; absent: none.'),
  policy: policyConfig
    .extend({ databaseFile: z.string().min(1).optional().describe('SQLite file of the policy. Default: policy.db in stateDir.') })
    .prefault({})
    .describe('The policy service.'),
  archive: archiveConfig
    .extend({ databaseFile: z.string().min(1).optional().describe('SQLite file of the log. Default: archive.db in stateDir.') })
    .prefault({})
    .describe('The archive.'),
})

export type GatehouseConfig = z.infer<typeof gatehouseConfig>
