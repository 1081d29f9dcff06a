// Makes the schemas that the chart's objects are checked with out of Kubernetes' own OpenAPI document, which lies in the Go module
// k8s.io/kubernetes (Apache-2.0): node tools/chart/kube-schemas.ts "$(go env GOMODCACHE)/k8s.io/kubernetes@v1.37.2/api/openapi-spec/swagger.json"
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the chart renders. A kind that is missing here fails the test. */
const KINDS: Readonly<Record<string, string>> = {
  'configmap-v1': 'io.k8s.api.core.v1.ConfigMap',
  'pod-v1': 'io.k8s.api.core.v1.Pod',
  'service-v1': 'io.k8s.api.core.v1.Service',
  'serviceaccount-v1': 'io.k8s.api.core.v1.ServiceAccount',
  'deployment-apps-v1': 'io.k8s.api.apps.v1.Deployment',
  'statefulset-apps-v1': 'io.k8s.api.apps.v1.StatefulSet',
  'job-batch-v1': 'io.k8s.api.batch.v1.Job',
  'horizontalpodautoscaler-autoscaling-v2': 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'networkpolicy-networking-v1': 'io.k8s.api.networking.v1.NetworkPolicy',
  'poddisruptionbudget-policy-v1': 'io.k8s.api.policy.v1.PodDisruptionBudget',
  'role-rbac-v1': 'io.k8s.api.rbac.v1.Role',
  'rolebinding-rbac-v1': 'io.k8s.api.rbac.v1.RoleBinding',
  'clusterrole-rbac-v1': 'io.k8s.api.rbac.v1.ClusterRole',
  'clusterrolebinding-rbac-v1': 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  'validatingwebhookconfiguration-admissionregistration-v1': 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  'customresourcedefinition-apiextensions-v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
}

type Node = Record<string, unknown>

const swaggerFile = process.argv[2]
if (swaggerFile === undefined) throw new Error('say where swagger.json is')
const swagger = JSON.parse(readFileSync(swaggerFile, 'utf8')) as { info: { version: string }; definitions: Record<string, Node> }
const folder = join(import.meta.dirname, '../../test-integration/chart/schemas')
mkdirSync(folder, { recursive: true })

const definitions: Record<string, Node> = {}
for (const [name, definition] of Object.entries(KINDS)) {
  take(definition)
  write(name, { $ref: `definitions.json#/definitions/${definition}` })
}
write('definitions', { $comment: `From the OpenAPI document of Kubernetes ${swagger.info.version} (Apache-2.0), strict.`, definitions })

/** A definition and all that it refers to. */
function take(name: string): void {
  if (definitions[name] !== undefined) return
  const found = swagger.definitions[name]
  if (found === undefined) throw new Error(`Kubernetes has no ${name}`)
  definitions[name] = {}
  definitions[name] = strict(found)
}

function strict(node: Node): Node {
  const copy: Node = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === 'description' || key.startsWith('x-kubernetes')) continue
    if (key === '$ref') {
      const name = String(value).replace('#/definitions/', '')
      take(name)
      copy['$ref'] = `#/definitions/${name}`
    } else if (key === 'properties') {
      copy['properties'] = Object.fromEntries(Object.entries(value as Record<string, Node>).map(([each, child]) => [each, strict(child)]))
    } else if (key === 'items' || key === 'additionalProperties') {
      copy[key] = typeof value === 'object' && value !== null ? strict(value as Node) : value
    } else copy[key] = value
  }
  if (node['format'] === 'int-or-string') return { type: ['string', 'integer'] }
  if (copy['properties'] !== undefined && copy['additionalProperties'] === undefined) copy['additionalProperties'] = false
  return copy
}

function write(name: string, schema: Node): void {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(schema)}\n`)
}
