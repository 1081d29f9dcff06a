import { z } from 'zod'
import { asInPod, certificateBlock, image, persistence, secretFile, secretName, serviceBlock } from './service-block.ts'

/** A map that is judged by a service's own bootstrap schema; `values-schema.ts` puts that in. */
function configOf(section: ConfigSection, what: string) {
  return z.record(z.string(), z.unknown()).default({}).meta({ configOf: section }).describe(what)
}

/** Sections of `gatehouse.yaml`; `shared` is what is beside the services' own. */
export type ConfigSection = 'federationPeer' | 'publicImBridge' | 'policy' | 'archive' | 'shared'

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

const monitored = z.strictObject({
  enabled: z.boolean().default(false),
  labels: texts.default({}),
  interval: z.string().default('30s'),
  relabelings: z.array(asInPod).default([]),
  metricRelabelings: z.array(asInPod).default([]),
})

const alertOverride = z.strictObject({
  enabled: z.boolean().optional(),
  severity: z.string().optional(),
  for: z.string().optional(),
})

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

const global = z.strictObject({
  domains: z
    .array(z.string().min(1))
    .default([])
    .describe('Domains that you serve: for the DNS records and certificates that the notes name.'),
  clusterDomain: z.string().min(1).default('cluster.local'),
  image: z
    .strictObject({
      registry: z.string().default('').describe('Registry of all images.'),
      pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
      pullSecrets: z.array(z.string()).default([]).describe('Names of Secrets.'),
    })
    .prefault({})
    .describe('Of all images.'),
  labels: texts.default({}).describe('On everything; never part of a selector.'),
  annotations: texts.default({}).describe('On everything.'),
  ipFamilyPolicy: z.enum(['', 'SingleStack', 'PreferDualStack', 'RequireDualStack']).default('').describe('Of all Services.'),
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6']))
    .default([])
    .describe('Of all Services; with IPv6 in it everything listens on both.'),
  config: configOf('shared', 'What all services’ gatehouse.yaml have in common: `telemetry`, `outbox`.'),
  policyKey: z
    .strictObject({
      existingSecret: secretName.describe('Secret with the Ed25519 key pair that snapshots of the policy are signed with.'),
      privateKey: z.string().min(1).default('policy.key').describe('Key in it; mounted by the policy service only.'),
      publicKey: z.string().min(1).default('policy.pub').describe('Key in it; a release without the policy service needs only this one.'),
    })
    .prefault({}),
  internalTls: z
    .strictObject({ existingSecret: secretName.describe('One internal certificate for all services, where they have none of their own.') })
    .prefault({})
    .describe('Mutual TLS between the services.'),
  certManager: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Certificates come from cert-manager wherever no `existingSecret` is named.'),
      internalIssuer: z
        .strictObject({ name: z.string().default(''), kind: z.string().default('Issuer'), group: z.string().default('cert-manager.io') })
        .prefault({})
        .describe('For the internal edge and between services. Its `ca.crt` vouches for callers, so it may sign for nobody else.'),
      externalIssuer: z
        .strictObject({
          name: z.string().default(''),
          kind: z.string().default('ClusterIssuer'),
          group: z.string().default('cert-manager.io'),
        })
        .prefault({})
        .describe('For the external edge.'),
      duration: z.string().default('2160h'),
      renewBefore: z.string().default('720h'),
    })
    .prefault({}),
  networkPolicy: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Default deny, and what each component needs.'),
      clusterCIDRs: z
        .array(z.string())
        .default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])
        .describe('Not outside: no partner is there.'),
      dns: peers
        .default([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }])
        .describe('Where resolvers are. Empty: anywhere on port 53.'),
      metricsFrom: peers.default([]).describe('Who may read metrics. Empty: every pod of the cluster.'),
      controlFrom: peers.default([]).describe('Who may call the control addresses besides the services: your command line, an ingress.'),
      nats: peers.default([]).describe('Where your NATS is. Empty: anywhere on its ports.'),
      postgres: peers.default([]).describe('Where your PostgreSQL is. Empty: anywhere on `postgresPort`.'),
      postgresPort: portNumber.default(5432),
    })
    .prefault({}),
})

const nats = z.strictObject({
  servers: z.array(z.string().min(1)).default([]).describe('`host:port`, several for a cluster. Filled in with `trial.nats`.'),
  monitors: z
    .array(z.string().min(1))
    .default([])
    .describe('`http://host:8222` of all servers; the outbox needs them. Filled in with `trial.nats`.'),
  bucketReplicas: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe('Copies of each bucket and of the outbox: 3 in a cluster. Filled in with `trial.nats`.'),
  credentials: secretFile('nats.creds', 'Secret with JWT and seed as `nsc` writes them.').prefault({}),
  tls: z
    .strictObject({
      enabled: z.boolean().default(true),
      existingSecret: secretName.describe(
        'Secret with `ca.crt` and, where servers verify, `tls.crt` and `tls.key`. Empty: the internal certificate.',
      ),
      hasClientCertificate: z.boolean().default(true).describe('Show our certificate.'),
    })
    .prefault({}),
  inboxPrefix: z.string().default(''),
})

const trial = z.strictObject({
  nats: z
    .strictObject({
      enabled: z.boolean().default(false).describe('A NATS of the release’s own: JetStream, `sync_interval: always`, mutual TLS.'),
      replicas: z.union([z.literal(1), z.literal(3)]).default(1),
      image: image('library/nats', '2.15.2'),
      storage: z.string().min(1).default('8Gi'),
      storageClassName: z.string().default(''),
      resources: asInPod.default({ requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } }),
      internalTls: certificateBlock('of the servers, for server and client use, with `ca.crt`')
        .prefault({})
        .describe('`existingSecret` empty: `global.internalTls.existingSecret`.'),
    })
    .prefault({}),
  postgres: z
    .strictObject({
      enabled: z.boolean().default(false).describe('One PostgreSQL of the release’s own, for policy and archive.'),
      image: image('library/postgres', '18.4'),
      auth: secretFile(
        'password',
        'Secret with the password; `policy.postgres` and `archive.postgres` name the connection strings.',
      ).prefault({}),
      user: z.string().min(1).default('gatehouse'),
      database: z.string().min(1).default('gatehouse'),
      storage: z.string().min(1).default('8Gi'),
      storageClassName: z.string().default(''),
      resources: asInPod.default({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } }),
    })
    .prefault({}),
})

const monitoring = z.strictObject({
  podMonitor: monitored.prefault({}).describe('PodMonitor of all services (Prometheus operator).'),
  serviceMonitor: monitored.prefault({}).describe('ServiceMonitor instead, where PodMonitors are not watched.'),
  rules: z
    .strictObject({
      enabled: z.boolean().default(false),
      labels: texts.default({}),
      runbookUrl: z.string().default('').describe('Where your copy of the runbook pages is; the name of the alert is added.'),
      alerts: z.record(z.string(), alertOverride).default({}).describe('By name of the alert: `{ enabled, severity, for }`.'),
    })
    .prefault({})
    .describe('PrometheusRule from `files/alerts.yaml`.'),
  dashboards: z
    .strictObject({
      enabled: z.boolean().default(false),
      labels: texts.default({ grafana_dashboard: '1' }),
      annotations: texts.default({}),
    })
    .prefault({})
    .describe('ConfigMap with Grafana dashboards from `files/dashboards`.'),
})

const cli = {
  image: image('gatehouse/gatehouse'),
  resources: asInPod.default({ requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } }),
}

const hooks = z.strictObject({
  ...cli,
  configCheck: z
    .strictObject({ enabled: z.boolean().default(true) })
    .prefault({})
    .describe('Job before install and upgrade: a gatehouse.yaml that the services would refuse stops it.'),
})

const tests = z.strictObject({
  enabled: z.boolean().default(true),
  ...cli,
  tls: certificateBlock('of the caller of the control addresses, for client use, with `ca.crt`').prefault({}),
  message: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Send a MESSAGE through the external edge, then ask the archive for its record.'),
      existingSecret: secretName.describe('Secret with `tls.crt`, `tls.key` and `ca.crt` of a server that the policy knows as a partner.'),
      from: z.string().default('').describe('`sip:user@domain` of that partner.'),
      to: z.string().default('').describe('`sip:user@domain` of yours.'),
      timeoutSeconds: z.int().min(1).default(40),
    })
    .prefault({}),
})

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
  policyController: z
    .looseObject({ enabled: z.boolean().default(false) })
    .prefault({})
    .describe('Policy as custom resources.'),
  monitoring: monitoring.prefault({}).describe('Prometheus and Grafana.'),
  hooks: hooks.prefault({}).describe('Jobs around install and upgrade.'),
  tests: tests.prefault({}).describe('`helm test`.'),
  extraObjects: z.array(asInPod).default([]).describe('Further objects; strings in them are templates.'),
})
