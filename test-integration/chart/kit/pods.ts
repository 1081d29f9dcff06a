import type { KubeObject } from './helm.ts'
import { idOf } from './helm.ts'

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string }[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[]
  readonly securityContext?: SecurityContext
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> }
  readonly startupProbe?: unknown
  readonly readinessProbe?: unknown
  readonly livenessProbe?: unknown
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly privileged?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] }
  readonly seccompProfile?: { readonly type?: string }
  readonly procMount?: string
}

export interface Volume {
  readonly name: string
  readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly key: string; readonly path: string }[] }
  readonly configMap?: { readonly name: string }
  readonly emptyDir?: object
  readonly [kind: string]: unknown
}

export interface PodSpec {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: SecurityContext & { readonly fsGroup?: number }
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly topologySpreadConstraints?: readonly unknown[]
}

/** One pod that some object makes, hooks and tests included. */
export interface RenderedPod {
  readonly owner: KubeObject
  /** `kind/name` of the owner. */
  readonly id: string
  readonly component: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: PodSpec
  /** Names of the claims that its StatefulSet adds as volumes. */
  readonly claims: readonly string[]
  /** Serves for as long as the release is there. */
  readonly isService: boolean
}

interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
  readonly spec: PodSpec
}

/** Every pod of a rendered chart. */
export function podsOf(objects: readonly KubeObject[]): readonly RenderedPod[] {
  return objects.flatMap((owner) => {
    const template = templateOf(owner)
    if (template === undefined) return []
    const labels = template.metadata?.labels ?? {}
    const claims = ((owner.spec?.['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[]).map((claim) => claim.metadata.name)
    return [
      {
        owner,
        id: idOf(owner),
        component: labels['app.kubernetes.io/component'] ?? '',
        labels,
        annotations: template.metadata?.annotations ?? {},
        spec: template.spec,
        claims,
        isService: owner.kind === 'Deployment' || owner.kind === 'StatefulSet',
      },
    ]
  })
}

function templateOf(object: KubeObject): Template | undefined {
  if (object.kind === 'Pod') return { metadata: object.metadata, spec: object.spec as unknown as PodSpec }
  const template = object.spec?.['template'] as Template | undefined
  return template?.spec?.containers === undefined ? undefined : template
}

export function containersOf(pod: RenderedPod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
}
