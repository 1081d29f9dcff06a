import { policyKindNames } from '@gatehouse/policy-document'
import type { PolicyKind } from '@gatehouse/policy-engine'
import { z } from 'zod'

/** Where Kubernetes puts what a pod needs to speak to its API server. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Section `policy.kubernetes`; `docs/reference/config.md` is generated from it. */
export const kubernetesConfig = z.strictObject({
  server: z
    .url({ protocol: /^https$/ })
    .default('https://kubernetes.default.svc')
    .describe('Address of the API server.'),
  tokenFile: z.string().min(1).default(`${SERVICE_ACCOUNT}/token`).describe('File with the bearer token; read again as it is renewed.'),
  caFile: z.string().min(1).default(`${SERVICE_ACCOUNT}/ca.crt`).describe('PEM file: the authority of the API server.'),
  namespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'write the name of a namespace')
    .optional()
    .describe('Namespace whose objects count. Absent: that of the service account.'),
  kinds: z
    .array(z.enum(policyKindNames as [PolicyKind, ...PolicyKind[]]))
    .min(1)
    .default([...policyKindNames])
    .describe('Kinds that the cluster owns: they come from there and from nowhere else. Other kinds are applied as ever. Default: all.'),
  maxObjects: z.number().int().min(1).max(100_000).default(20_000).describe('More objects than this of one kind are not taken over.'),
  webhook: z
    .strictObject({
      address: z.string().default('0.0.0.0').describe('Address of the admission webhook.'),
      port: z.number().int().min(0).max(65_535).default(9444).describe('Its port; 0 lets the system choose one.'),
      certFile: z.string().min(1).describe('PEM file: certificate for `<service>.<namespace>.svc`; read again when it changes.'),
      keyFile: z.string().min(1).describe('PEM file: its private key.'),
    })
    .optional()
    .describe('Validating admission webhook, which refuses mistakes at `kubectl apply`. Absent: they show in the status only.'),
})

export type KubernetesConfig = z.infer<typeof kubernetesConfig>
export const SERVICE_ACCOUNT_NAMESPACE_FILE: string = `${SERVICE_ACCOUNT}/namespace`
