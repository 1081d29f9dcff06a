import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEmbeddedBus } from '@gatehouse/bus'
import { Authority } from '@gatehouse/lab'
import { buildPolicyService, type PolicyConfig, type PolicyService, policyConfig } from '@gatehouse/policy'
import { controllerRules, KUBERNETES_API_VERSION, KUBERNETES_GROUP, resourceNames } from '@gatehouse/policy-document'
import type { PolicyKind } from '@gatehouse/policy-engine'
import { readPublicKey, SnapshotFollower } from '@gatehouse/policy-follow'
import { silentLogger } from '@gatehouse/telemetry'
import { issueFiles } from './certificates.ts'
import { freePort } from './free-port.ts'
import type { RunningKube } from './kube-api.ts'
import type { KubeAnswer } from './kube-client.ts'
import type { PeerRack } from './peer-rack.ts'

export const NAMESPACE = 'gatehouse'
const ACCOUNT = 'policy'

export function pathOf(kind: PolicyKind, name?: string): string {
  const base = `/apis/${KUBERNETES_API_VERSION}/namespaces/${NAMESPACE}/${resourceNames[kind].plural}`
  return name === undefined ? base : `${base}/${name}`
}

export function objectOf(kind: PolicyKind, name: string, spec: unknown, namespace = NAMESPACE): object {
  return { apiVersion: KUBERNETES_API_VERSION, kind, metadata: { name, namespace }, spec }
}

/** Namespace, definitions, and a service account with the rights of the chart's role. Gives the account's token. */
export async function prepareCluster(kube: RunningKube): Promise<string> {
  const { admin } = kube
  const made = [await admin.post('/api/v1/namespaces', { metadata: { name: NAMESPACE } })]
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  for (const text of definitionFiles()) made.push(await admin.send('POST', definitions, text, 'application/yaml'))
  const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
  made.push(await admin.post(account, { metadata: { name: ACCOUNT } }))
  made.push(await admin.post(`${rbac}/roles`, { metadata: { name: ACCOUNT }, rules: controllerRules() }))
  made.push(
    await admin.post(`${rbac}/rolebindings`, {
      metadata: { name: ACCOUNT },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: NAMESPACE }],
    }),
  )
  const refused = made.find(({ status }) => status !== 201)
  if (refused !== undefined) throw new Error(`the cluster could not be prepared: ${JSON.stringify(refused.body)}`)
  return await tokenOf(kube, ACCOUNT)
}

/** A token of a service account, as a pod gets it. */
export async function tokenOf({ admin }: RunningKube, account: string): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`
  const { status, body } = await admin.post(path, { spec: { expirationSeconds: 3600 } })
  const token = body.status?.token
  if (status !== 201 || token === undefined) throw new Error(`${account} has no token: ${JSON.stringify(body)}`)
  return token
}

/** The definitions as the chart ships them. */
export function definitionFiles(): readonly string[] {
  const folder = join(import.meta.dirname, '../../charts/gatehouse/files/crds')
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
}

export interface PolicySite {
  readonly service: PolicyService
  readonly follower: SnapshotFollower
  readonly webhookPort: number
  /** Authority of the webhook, PEM. */
  readonly webhookCa: string
  stop(): Promise<void>
}

/** A bus, and everything that the policy services of one site share. */
export class PolicySites {
  readonly bus: ReturnType<typeof createEmbeddedBus> = createEmbeddedBus()
  readonly #rack: PeerRack
  readonly #kube: RunningKube
  readonly #tokenFile: string
  readonly #authority = Authority.create({ name: 'Webhook CA' })
  #sites = 0

  constructor(rack: PeerRack, kube: RunningKube, token: string) {
    this.#rack = rack
    this.#kube = kube
    this.#tokenFile = rack.path('account.token')
    writeFileSync(this.#tokenFile, token, { mode: 0o600 })
  }

  /** A policy service with its controller and webhook, and a replica that follows it. */
  async start(more: Partial<NonNullable<PolicyConfig['kubernetes']>> = {}): Promise<PolicySite> {
    const number = ++this.#sites
    const port = await freePort()
    const files = issueFiles(this.#rack.path(`webhook-${number}`), this.#authority, 'localhost', [this.#authority], {
      dns: ['localhost'],
      ip: ['127.0.0.1'],
    })
    const config = policyConfig.parse({
      databaseFile: this.#rack.path('policy.db'),
      heartbeatMs: 1000,
      kubernetes: {
        server: this.#kube.url,
        tokenFile: this.#tokenFile,
        caFile: this.#kube.caFile,
        namespace: NAMESPACE,
        webhook: { address: '127.0.0.1', port, certFile: files.certFile, keyFile: files.keyFile },
        ...more,
      },
    })
    const service = buildPolicyService(config, { bus: this.bus, log: silentLogger })
    await service.start()
    const follower = new SnapshotFollower({
      bus: this.bus,
      publicKeys: [readPublicKey(service.publicKeyPem())],
      service: 'federation-peer',
      replica: `edge-${number}`,
      log: silentLogger,
      nowMs: Date.now,
      maxStalenessMs: 0,
    })
    await follower.start()
    // the bus brings it on a later turn
    while (follower.current(Date.now()) === undefined) await new Promise((resolve) => setImmediate(resolve))
    return {
      service,
      follower,
      webhookPort: port,
      webhookCa: this.#authority.certPem,
      stop: async () => {
        await follower.stop()
        await service.stop()
      },
    }
  }
}

/** The chart's ValidatingWebhookConfiguration, with an address instead of a Service, which a cluster without nodes has not. */
export function webhookConfiguration(port: number, ca: string, failurePolicy = 'Fail'): object {
  return {
    metadata: { name: 'gatehouse-policy' },
    webhooks: [
      {
        name: KUBERNETES_GROUP,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy,
        timeoutSeconds: 5,
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle: Buffer.from(ca).toString('base64') },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        rules: [
          { apiGroups: [KUBERNETES_GROUP], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['*'], scope: 'Namespaced' },
        ],
      },
    ],
  }
}

/** Conditions as `Type Status Reason: message`. */
export function conditionsOf(answer: KubeAnswer): readonly string[] {
  return (answer.body.status?.conditions ?? []).map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`)
}
