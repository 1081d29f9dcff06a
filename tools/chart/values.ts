import { z } from 'zod'
import { configOf } from './config-section.ts'
import { asInPod, certificateBlock, persistence, secretFile, secretName, serviceBlock } from './service-block.ts'
import { global, hooks, monitoring, nats, policyController, tests, trial } from './shared-values.ts'

const texts = z.record(z.string(), z.string())
const portNumber = z.int().min(1).max(65_535)
const peers = z.array(asInPod)

const exposed = (port: number, type: 'LoadBalancer' | 'ClusterIP', local: 'Local' | 'Cluster') =>
  z.strictObject({
    enabled: z.boolean().default(true),
    type: z.enum(['LoadBalancer', 'NodePort', 'ClusterIP']).default(type),
    port: portNumber.default(port),
    nodePort: z.int().min(0).max(65_535).default(0).describe('0: Kubernetes chooses.'),
    externalTrafficPolicy: z
      .enum(['Local', 'Cluster'])
      .default(local)
      .describe('Local: the address of the partner is seen, and no other node can cut its connections. Not used by ClusterIP.'),
    loadBalancerClass: z.string().default(''),
    loadBalancerIP: z.string().default(''),
    loadBalancerSourceRanges: z.array(z.string()).default([]).describe('Who may connect; empty: everybody.'),
    allocateLoadBalancerNodePorts: z.boolean().default(true),
    annotations: texts.default({}),
    labels: texts.default({}),
  })

const trustStore = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/)
    .describe('Name that a `Partner` refers to.'),
  existingSecret: secretName.describe('Secret with root certificates, or:'),
  existingConfigMap: secretName.describe('ConfigMap with them.'),
  files: z.array(z.string().min(1)).min(1).default(['ca.crt']).describe('Keys in it.'),
  use: z.enum(['both', 'external', 'internal']).default('both').describe('Which edge it counts on (federation-peer only).'),
})

const trust = z
  .array(trustStore)
  .default([])
  .describe('Who may vouch: `{ name, existingSecret or existingConfigMap, files: [ca.crt], use: both | external | internal }` each.')

const crl = z
  .strictObject({
    existingSecret: secretName.describe('Secret with revocation lists, or:'),
    existingConfigMap: secretName.describe('ConfigMap with them.'),
    files: z.array(z.string().min(1)).default([]).describe('Keys in it.'),
  })
  .prefault({})
  .describe('Certificate revocation lists; watched.')

const postgres = (what: string) =>
  secretFile(
    'url',
    `Secret with the connection string (\`postgres://user:password@host/database?sslmode=verify-full\`) of ${what}. Empty: SQLite on a volume, one pod.`,
  )
    .prefault({})
    .describe('PostgreSQL instead of SQLite; needed for several pods.')

const internalTls = certificateBlock(
  'of the control address and towards NATS and the other services, for server and client use, with `ca.crt`',
)
  .prefault({})
  .describe('Internal certificate of this service. `existingSecret` empty: `global.internalTls.existingSecret`.')

function federationPeer() {
  return z.strictObject({
    ...serviceBlock({ repository: 'gatehouse/federation-peer', replicas: 2, isEnabled: true, cpu: '250m', memory: '256Mi' }),
    replicas: z.int().min(1).optional().describe('Pods. Default: 2.'),
    config: configOf(
      'federationPeer',
      'Section `federationPeer` of gatehouse.yaml. You have to set `externalEdge.name`, `internalEdge.name` and `internalEdge.nextHop.host`; certificates, trust, keys and ports are filled in from the values around it.',
    ),
    externalTls: certificateBlock('of the external edge')
      .prefault({})
      .describe('Certificate that partners see; it names `config.externalEdge.name`, for server and client use.'),
    internalEdgeTls: certificateBlock('of the internal edge')
      .prefault({})
      .describe('Certificate that your own server sees; it names `config.internalEdge.name`, for server and client use.'),
    trust,
    crl,
    routeToken: secretFile('route-token', 'Secret with 32 random bytes, the same for all pods: signs the routes of dialogs.').prefault({}),
    inspection: secretName.describe('Secret with `tls.crt`, `tls.key` and `ca.crt` for calls to inspectors over TCP.'),
    externalService: exposed(5061, 'LoadBalancer', 'Local').prefault({}).describe('Where partners connect.'),
    internalService: exposed(5061, 'ClusterIP', 'Local').prefault({}).describe('Where your own server connects.'),
    internalTls,
    partners: z
      .strictObject({
        ports: z.array(portNumber).default([5061]).describe('Ports of partners’ servers; those of a `Partner` with another port too.'),
        to: peers
          .default([])
          .describe('Who partners are, as in a NetworkPolicy. Empty: everybody outside `global.networkPolicy.clusterCIDRs`.'),
        from: peers.default([]).describe('Who may connect to the external edge. Empty: `loadBalancerSourceRanges`, or else everybody.'),
      })
      .prefault({})
      .describe('Reachable partners (NetworkPolicy).'),
    inside: z
      .strictObject({
        peers: peers.default([]).describe('Your own servers, as in a NetworkPolicy. Empty: everybody, which you should not leave so.'),
      })
      .prefault({})
      .describe('Your own SIP servers: who may connect to the internal edge, and where the next hop is (NetworkPolicy).'),
  })
}

function publicImBridge() {
  return z.strictObject({
    ...serviceBlock({ repository: 'gatehouse/public-im-bridge', replicas: 1, isEnabled: false, cpu: '250m', memory: '256Mi' }),
    config: configOf('publicImBridge', 'Section `publicImBridge` of gatehouse.yaml: `networks` above all.'),
    certificates: z
      .array(z.strictObject({ existingSecret: z.string().min(1).max(253).describe('Secret with `tls.crt` and `tls.key`.') }))
      .default([])
      .describe('Certificates shown to other servers: `{ existingSecret }` each.'),
    trust,
    crl,
    sealKey: secretFile('seal-key', 'Secret with 32 random bytes, the same for all pods: seals the secrets of linked accounts.').prefault(
      {},
    ),
    inspection: secretName.describe('Secret with `tls.crt`, `tls.key` and `ca.crt` for calls to inspectors over TCP.'),
    service: exposed(5269, 'LoadBalancer', 'Local')
      .extend({
        ports: z
          .array(z.strictObject({ name: z.string().max(15), port: portNumber, targetPort: portNumber }))
          .default([])
          .describe('What networks listen on: `{ name, port, targetPort }` each. Empty: no Service.'),
      })
      .omit({ port: true, nodePort: true })
      .prefault({})
      .describe('Where servers of networks connect.'),
    internalTls,
    networks: z
      .strictObject({
        ports: z.array(portNumber).default([443, 5222, 5223, 5269, 5270, 6697]).describe('Ports of networks’ servers.'),
        to: peers.default([]).describe('Empty: everybody outside `global.networkPolicy.clusterCIDRs`.'),
        from: peers.default([]).describe('Who may connect to `service`. Empty: everybody.'),
      })
      .prefault({})
      .describe('Reachable networks (NetworkPolicy).'),
  })
}

function policy() {
  return z.strictObject({
    ...serviceBlock({ repository: 'gatehouse/policy', replicas: 1, isEnabled: true, cpu: '100m', memory: '256Mi' }),
    config: configOf('policy', 'Section `policy` of gatehouse.yaml. `access` says who may change the policy.'),
    postgres: postgres('the policy'),
    directoryPassword: secretFile('password', 'Secret with the password for `config.directory.bindDn`.').prefault({}),
    directoryTrust: secretName.describe('ConfigMap with `ca.crt`: authority of the directory’s certificate.'),
    persistence,
    internalTls,
  })
}

function archive() {
  return z.strictObject({
    ...serviceBlock({ repository: 'gatehouse/archive', replicas: 1, isEnabled: true, cpu: '250m', memory: '256Mi' }),
    config: configOf('archive', 'Section `archive` of gatehouse.yaml. `access` says who may read.'),
    postgres: postgres('the archive'),
    signingKey: secretFile(
      'archive-signing-key',
      'Secret with the Ed25519 key (PEM) that signs checkpoints. Empty: made on the volume at the first start.',
    ).prefault({}),
    encryption: secretFile(
      'archive-keys',
      'Secret with key-encryption keys (`gatehouse archive key`). Empty: bodies are kept readable.',
    ).prefault({}),
    checkpointCredentials: secretFile('credentials', 'Secret with the credentials for `config.checkpoint.s3`.').prefault({}),
    persistence,
    internalTls,
  })
}

function singleProcess() {
  const {
    replicas: _replicas,
    autoscaling: _autoscaling,
    ...block
  } = serviceBlock({
    repository: 'gatehouse/gatehouse',
    replicas: 1,
    isEnabled: false,
    cpu: '250m',
    memory: '384Mi',
  })
  return z.strictObject({ ...block, persistence, internalTls })
}

/** All values of the chart: `values.yaml`, `values.schema.json` and the table in its README come from this. */
export const chartValues = z.strictObject({
  nameOverride: z.string().max(40).default('').describe('Instead of the name of the chart.'),
  fullnameOverride: z.string().max(32).default('').describe('Instead of release and chart.'),
  global: global.prefault({}).describe('What holds for all components.'),
  bus: z
    .strictObject({ nats: nats.prefault({}) })
    .prefault({})
    .describe('How the services talk to each other.'),
  federationPeer: federationPeer().prefault({}).describe('The SIP edge.'),
  publicImBridge: publicImBridge().prefault({}).describe('Public networks.'),
  policy: policy().prefault({}).describe('The policy service.'),
  archive: archive().prefault({}).describe('The archive.'),
  singleProcess: singleProcess()
    .prefault({})
    .describe('Everything in one pod, embedded bus, SQLite: a small office. The blocks above still say how it is configured.'),
  trial: trial.prefault({}).describe('NATS and PostgreSQL for trials. In production bring your own.'),
  policyController: policyController.prefault({}).describe('Policy as custom resources.'),
  monitoring: monitoring.prefault({}).describe('Prometheus and Grafana.'),
  hooks: hooks.prefault({}).describe('Jobs around install and upgrade.'),
  tests: tests.prefault({}).describe('`helm test`.'),
  extraObjects: z.array(asInPod).default([]).describe('Further objects; strings in them are templates.'),
})
