import { z } from 'zod'
import { configOf } from './config-section.ts'
import { asInPod, certificateBlock, image, secretFile, secretName } from './service-block.ts'

const texts = z.record(z.string(), z.string())
const portNumber = z.int().min(1).max(65_535)
const peers = z.array(asInPod)

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

/** Block `global`. */
export const global = z.strictObject({
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
  addressKey: secretFile(
    'address-hash.key',
    'Secret with 32 random bytes as text. Empty: each pod makes its own key, and an address of one pod’s log is not found in another’s.',
  )
    .prefault({})
    .describe('Key that people’s addresses are hashed with in log and traces, the same in all services.'),
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

/** Block `bus.nats`. */
export const nats = z.strictObject({
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

/** Block `trial`. */
export const trial = z.strictObject({
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

/** Block `monitoring`. */
export const monitoring = z.strictObject({
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

/** Block `hooks`. */
export const hooks = z.strictObject({
  ...cli,
  configCheck: z
    .strictObject({ enabled: z.boolean().default(true) })
    .prefault({})
    .describe('Job before install and upgrade: a gatehouse.yaml that the services would refuse stops it.'),
})

/** Block `tests`. */
export const tests = z.strictObject({
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

/** Block `policyController`; its templates are in `templates/policy-controller`. */
export const policyController = z.strictObject({
  enabled: z.boolean().default(false).describe('The cluster owns the policy: the policy service takes it from objects of this namespace.'),
  kinds: z.array(z.string().min(1)).default([]).describe('Kinds that the cluster owns. Empty: all.'),
  crds: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Install and upgrade the definitions of the kinds.'),
      keep: z.boolean().default(true).describe('Keep them, and with them every policy object, when the release is uninstalled.'),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Refuse mistakes before they are stored.'),
      port: portNumber.default(9444),
      existingSecret: secretName.describe('Secret with `tls.crt` and `tls.key` for its Service. Empty: cert-manager makes it.'),
      caBundle: z.string().default('').describe('Authority of that Secret, base64 of PEM. With cert-manager: filled in by it.'),
      failurePolicy: z
        .enum(['Fail', 'Ignore'])
        .default('Ignore')
        .describe('While no policy pod answers: objects are stored and judged later, or nobody changes anything.'),
      timeoutSeconds: z.int().min(1).max(30).default(5),
      from: peers.default([]).describe('Where the API server calls from (NetworkPolicy). Empty: anywhere.'),
    })
    .prefault({})
    .describe('Validating admission webhook.'),
  apiServer: z
    .strictObject({
      ports: z.array(portNumber).min(1).default([443, 6443]).describe('Ports of the API server, of its Service and behind it.'),
      to: peers.default([]).describe('Where it is (NetworkPolicy). Empty: anywhere on these ports.'),
    })
    .prefault({}),
})
