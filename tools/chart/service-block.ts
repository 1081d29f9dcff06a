import { z } from 'zod'

/** What Kubernetes defines and judges itself: passed on as written. */
export const asInPod = z.record(z.string(), z.unknown())
const listAsInPod = z.array(asInPod)
const texts = z.record(z.string(), z.string())
const count = z.int().min(0)

export const secretName = z.string().max(253).default('')

/** Certificate and key of one listener or client: made by cert-manager, or brought. */
export function certificateBlock(what: string) {
  return z.strictObject({
    existingSecret: secretName.describe(`Secret with \`tls.crt\` and \`tls.key\`: ${what}. Empty: cert-manager makes it, if enabled.`),
    extraDnsNames: z.array(z.string()).default([]).describe('Further names for a certificate that cert-manager makes.'),
  })
}

/** A secret, and the key in it that holds the file. */
export function secretFile(key: string, what: string) {
  return z.strictObject({
    existingSecret: secretName.describe(what),
    key: z.string().min(1).default(key).describe('Key in that Secret.'),
  })
}

const probe = (path: string, periodSeconds: number, failureThreshold: number, what: string) =>
  z
    .strictObject({
      path: z
        .enum(['/healthz', '/readyz'])
        .default(path as '/healthz')
        .describe('Depth: /healthz is live, /readyz is fit for traffic.'),
      periodSeconds: z.int().min(1).default(periodSeconds),
      timeoutSeconds: z.int().min(1).default(3),
      failureThreshold: z.int().min(1).default(failureThreshold),
    })
    .prefault({})
    .describe(what)

export const probes = z
  .strictObject({
    startup: probe('/healthz', 2, 60, 'Up at all: keys read, bus and listeners open. Until then nothing else is asked.'),
    readiness: probe('/readyz', 5, 2, 'Fit for traffic: policy in force, archive there. Fails at once when draining.'),
    liveness: probe('/healthz', 20, 6, 'Stuck. Does not fail because something else is away: a restart would not help.'),
  })
  .prefault({})
  .describe('Three probes of three depths, all on the health port.')

export const image = (repository: string, tag = '') =>
  z
    .strictObject({
      registry: z.string().default('').describe('Empty: `global.image.registry`.'),
      repository: z.string().min(1).default(repository),
      tag: z
        .string()
        .default(tag)
        .describe(tag === '' ? 'Empty: the version of the chart’s application.' : 'Version; keep it current.'),
      digest: z
        .string()
        .regex(/^(sha256:[0-9a-f]{64})?$/)
        .default('')
        .describe('`sha256:…`; beats the tag.'),
    })
    .prefault({})
    .describe('Image.')

const serviceAccount = z
  .strictObject({
    create: z.boolean().default(true),
    name: z.string().default('').describe('Empty: named like the component.'),
    annotations: texts.default({}),
  })
  .prefault({})
  .describe('Account of the pods. Its token is never mounted: nothing here talks to the API server.')

const networkPolicy = z
  .strictObject({
    extraIngress: listAsInPod.default([]).describe('Further rules, as in a NetworkPolicy.'),
    extraEgress: listAsInPod.default([]).describe('Further rules, as in a NetworkPolicy.'),
  })
  .prefault({})
  .describe('Besides what the component needs.')

const pdb = z
  .strictObject({
    enabled: z.boolean().default(true),
    maxUnavailable: z.union([z.int().min(0), z.string()]).default(1),
  })
  .prefault({})
  .describe('PodDisruptionBudget.')

export const autoscaling = z
  .strictObject({
    enabled: z.boolean().default(false).describe('HorizontalPodAutoscaler; `replicas` is then not set by the chart.'),
    minReplicas: z.int().min(1).default(2),
    maxReplicas: z.int().min(1).default(6),
    cpuPercent: count.default(70).describe('Average CPU of what is requested; 0: not by CPU.'),
    openPerPod: count
      .default(0)
      .describe('Average open transactions (of a bridge: events) of one pod; needs a custom-metrics adapter. 0: not by them.'),
    scaleDownWindowSeconds: count
      .default(900)
      .describe('How long it has to be quiet before a pod goes. Long: connections of partners live for hours.'),
    keda: z
      .strictObject({
        enabled: z.boolean().default(false).describe('A KEDA ScaledObject instead of the HorizontalPodAutoscaler.'),
        serverAddress: z.string().default('').describe('Prometheus that KEDA asks.'),
      })
      .prefault({})
      .describe('Scales on the metric of `openPerPod` as Prometheus has it.'),
  })
  .prefault({})
  .describe('Number of pods by load.')

export const persistence = z
  .strictObject({
    size: z.string().min(1).default('8Gi').describe('Cannot be changed in a StatefulSet: see the page on deploying.'),
    storageClassName: z.string().default('').describe('Empty: that of the cluster.'),
    accessModes: z.array(z.string()).min(1).default(['ReadWriteOnce']),
  })
  .prefault({})
  .describe('Volume of the state. It outlives the release.')

interface ServiceDefaults {
  readonly repository: string
  readonly replicas: number
  readonly isEnabled: boolean
  readonly cpu: string
  readonly memory: string
}

/** Keys that every service has, so that what one learns about one holds for all. */
export function serviceBlock(defaults: ServiceDefaults) {
  return {
    enabled: z.boolean().default(defaults.isEnabled),
    image: image(defaults.repository),
    replicas: z.int().min(1).default(defaults.replicas).describe('Pods.'),
    resources: asInPod
      .default({ requests: { cpu: defaults.cpu, memory: defaults.memory }, limits: { memory: '1Gi' } })
      .describe('As in a container. No CPU limit by default: throttling delays messages.'),
    podAnnotations: texts.default({}),
    podLabels: texts.default({}),
    podSecurityContext: asInPod.default({}).describe('Over the restricted one of the chart.'),
    containerSecurityContext: asInPod.default({}).describe('Over the restricted one of the chart.'),
    serviceAccount,
    nodeSelector: texts.default({}),
    tolerations: listAsInPod.default([]),
    affinity: asInPod.default({}),
    topologySpreadConstraints: listAsInPod.default([]).describe('Empty: spread over nodes and zones where possible.'),
    priorityClassName: z.string().default(''),
    extraEnv: listAsInPod.default([]),
    extraVolumes: listAsInPod.default([]),
    extraVolumeMounts: listAsInPod.default([]),
    terminationGracePeriodSeconds: count
      .optional()
      .describe('Default: computed from the drain settings. Refused where it is shorter than the drain takes.'),
    preStopSleepSeconds: count
      .default(0)
      .describe('Sleep before SIGTERM (Kubernetes 1.34 or newer). 0: not needed, as a pod serves on after SIGTERM.'),
    probes,
    networkPolicy,
    pdb,
    autoscaling,
  }
}
