import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { stringify } from 'yaml'
import { sortObjects, writtenSpec } from '../canonical.ts'
import { policyKinds } from '../policy-kinds.ts'
import { KUBERNETES_API_VERSION, SINGLETON_NAME } from './resource-names.ts'

/** One object as a custom resource: what equals the default left out, as in an export. */
export function customResourceOf(object: PolicyObject): {
  readonly apiVersion: string
  readonly kind: PolicyKind
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
} {
  const name = policyKinds[object.kind].isSingleton ? SINGLETON_NAME : object.name
  return { apiVersion: KUBERNETES_API_VERSION, kind: object.kind, metadata: { name }, spec: writtenSpec(object) }
}

/** The whole policy as manifests for `kubectl apply`, which reads YAML 1.1: words such as `off` are in quotes. */
export function exportCustomResources(objects: readonly PolicyObject[]): string {
  return sortObjects(objects)
    .map((object) => stringify(customResourceOf(object), { lineWidth: 0, version: '1.1' }))
    .join('---\n')
}
