import { archiveConfig } from '@gatehouse/archive'
import { federationPeerConfig } from '@gatehouse/federation-peer'
import { policyConfig } from '@gatehouse/policy'
import { z } from 'zod'
import { CONTROL_SOCKET } from '../connect.ts'

const control = z.strictObject({
  listen: z
    .string()
    .default(`unix:${CONTROL_SOCKET}`)
    .describe('Where the command line connects: unix:/path (only its owner may) or host:port, which needs `tls`.'),
  tls: z
    .strictObject({
      certFile: z.string().describe('PEM file: certificate of this service.'),
      keyFile: z.string().describe('PEM file: its private key.'),
      caFile: z.string().describe('PEM file: the authority whose certificates callers must have.'),
    })
    .optional()
    .describe('Mutual TLS of the control address.'),
})

const telemetry = z.strictObject({
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least important level that is logged.'),
      addressHashKeyFile: z
        .string()
        .optional()
        .describe('File with a secret. With it, the user part of every address in the log is replaced by a keyed hash.'),
    })
    .prefault({})
    .describe('The log, JSON lines on standard error (readable lines on a terminal).'),
  health: z
    .strictObject({
      address: z
        .string()
        .default('127.0.0.1')
        .describe('Address of /healthz, /readyz and /metrics; they name internal parts, so loopback.'),
      port: z.int().min(0).max(65_535).describe('Its port; 0 lets the system choose one.'),
    })
    .optional()
    .describe('Absent: no health server.'),
})

/** Bootstrap configuration of `gatehouse up`: one file for all services of the process. */
export const gatehouseConfig = z.strictObject({
  stateDir: z.string().min(1).default('state').describe('Folder for databases and keys; made when it is not there.'),
  control: control.prefault({}).describe('The control address.'),
  telemetry: telemetry.prefault({}).describe('Log, health and metrics.'),
  federationPeer: federationPeerConfig.describe('The SIP edge.'),
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
