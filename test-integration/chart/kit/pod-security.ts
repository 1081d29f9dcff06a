import type { Container, PodSpec } from './pods.ts'

/** Volume types that the profile allows (Pod Security Standards, "restricted", Volume Types). */
const VOLUME_TYPES = new Set(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'])
/** Linux capabilities that a container may add back ("restricted", Capabilities). */
const CAPABILITIES = new Set(['NET_BIND_SERVICE'])

/**
 * What keeps a pod out of a namespace that enforces the Pod Security Standard "restricted", one sentence each: the rules of the
 * profile "baseline" that a pod of ours could break, and all of "restricted".
 */
export function podSecurityViolations(spec: PodSpec): readonly string[] {
  const found: string[] = []
  for (const word of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (spec[word] === true) found.push(`${word} is true`)
  for (const volume of spec.volumes ?? []) {
    const types = Object.keys(volume).filter((key) => key !== 'name')
    for (const type of types) if (!VOLUME_TYPES.has(type)) found.push(`volume ${volume.name} is of type ${type}`)
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    found.push(...containerViolations(container, spec).map((text) => `container ${container.name}: ${text}`))
  }
  return found
}

function containerViolations(container: Container, spec: PodSpec): string[] {
  const own = container.securityContext ?? {}
  const pod = spec.securityContext ?? {}
  const found: string[] = []
  if (own.privileged === true) found.push('is privileged')
  if (own.allowPrivilegeEscalation !== false) found.push('allowPrivilegeEscalation is not false')
  if ((own.runAsNonRoot ?? pod.runAsNonRoot) !== true) found.push('runAsNonRoot is not true')
  if ((own.runAsUser ?? pod.runAsUser) === 0) found.push('runAsUser is 0')
  const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type
  if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost') found.push(`seccompProfile is ${seccomp}`)
  if (!(own.capabilities?.drop ?? []).includes('ALL')) found.push('does not drop ALL capabilities')
  for (const name of own.capabilities?.add ?? []) if (!CAPABILITIES.has(name)) found.push(`adds ${name}`)
  if (own.procMount !== undefined && own.procMount !== 'Default') found.push(`procMount is ${own.procMount}`)
  for (const port of container.ports ?? []) if ('hostPort' in port) found.push('has a hostPort')
  return found
}
