import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { inspectionConfig } from '@gatehouse/inspection/config'
import { policyFollowConfig } from '@gatehouse/policy-follow/config'
import { z } from 'zod'
import { connectors } from './connectors/registry.ts'

const millis = z.number().int().min(0)
const count = z.number().int().min(1)

const certificate = z.strictObject({
  certFile: z.string().describe('PEM file: a certificate of ours, then its intermediates.'),
  keyFile: z.string().describe('PEM file: its private key.'),
})

const limits = z.strictObject({
  maxOpenReceives: count.default(2_000).describe('Events of one network under way; beyond it the network is told to try later.'),
  maxOpenSends: count.default(2_000).describe('Deliveries to one network under way; beyond it senders are told to try later.'),
  maxConnections: count.default(20_000).describe('Connections of one network.'),
  maxTextBytes: z.number().int().min(100).default(65_536).describe('Longest text of a message, UTF-8; html counts with it.'),
})

const COMMON = {
  limits: limits.prefault({}).describe('Bounds of this network; what it does beyond them harms no other.'),
}

/** Bootstrap configuration of one public-im-bridge with the connectors given. */
export function bridgeConfigOf(connectors: readonly ConnectorFactory<never>[]) {
  return z.strictObject({
    replica: z.string().min(1).default('public-im-bridge-0').describe('Name of this replica in logs, archive, leases and status; unique.'),
    networks: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'write a name of small letters, digits and hyphens'), networkOf(connectors))
      .default({})
      .describe('Connectors to run, by a name of your own; which domains they may speak for is said by policy (`kind: Network`).'),
    certificates: z
      .array(certificate)
      .default([])
      .describe('Shown to other servers, each for the domains it names; for others the first. Loaded at the start of a connector.'),
    trust: z
      .array(
        z.strictObject({
          name: z.string().min(1).describe('Name in logs.'),
          files: z.array(z.string()).min(1).describe('PEM or DER files with root certificates.'),
        }),
      )
      .default([])
      .describe('Who may vouch for servers of networks. Empty: certificates prove nothing, and only weaker evidence is left.'),
    crlFiles: z.array(z.string()).default([]).describe('Certificate revocation lists, PEM or DER.'),
    sealKeyFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File with 32 random bytes, the same for all replicas: seals the secrets of linked accounts. Default: bridge.key in stateDir, made when it is not there.',
      ),
    dns: z
      .strictObject({
        servers: z.array(z.string()).default([]).describe('Resolvers as address or address:port; empty: those of the system.'),
        timeoutMs: millis.default(2_000).describe('How long one resolver may take.'),
        tries: z.number().int().min(1).max(10).default(2).describe('Attempts before a lookup counts as failed.'),
        validating: z
          .string()
          .regex(/^(127(\.\d{1,3}){3}|\[::1\]):\d{1,5}$/, 'not an address on loopback with its port')
          .optional()
          .describe(
            'A resolver on this machine that validates DNSSEC, as `127.0.0.1:53`: what it marks as signed is believed (DANE for XMPP servers).',
          ),
      })
      .prefault({}),
    policy: policyFollowConfig,
    inspection: inspectionConfig,
    archiveTimeoutMs: millis
      .default(5_000)
      .describe('A commit that takes longer counts as failed, and so does an archive that nobody answers for so long.'),
    deliverTimeoutMs: millis
      .default(35_000)
      .describe('How long a message from a network waits for its answer; SIP itself gives up after 32 s.'),
    stopGraceMs: millis.default(5_000).describe('What is under way may finish for so long at a stop.'),
  })
}

/** One network: by its protocol the connector's own keys, and the limits that all have. Loose, for each connector's schema judges its own. */
function networkOf(connectors: readonly ConnectorFactory<never>[]) {
  const [first, ...rest] = connectors.map(({ protocol, config }) =>
    z.strictObject({ protocol: z.literal(protocol).describe('Which connector.'), settings: config, ...COMMON }),
  )
  if (first === undefined) return z.strictObject({ protocol: z.never(), settings: z.unknown(), ...COMMON })
  return z.discriminatedUnion('protocol', [first, ...rest])
}

export type PublicImBridgeConfig = z.infer<ReturnType<typeof bridgeConfigOf>>

/** With every connector that is shipped; `docs/reference/config.md` is generated from it. */
export const publicImBridgeConfig = bridgeConfigOf(connectors)
