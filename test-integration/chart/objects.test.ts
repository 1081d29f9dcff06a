import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { CHART, examples, helmTemplate, idOf, type KubeObject, objectsOf } from './kit/helm.ts'
import { podSecurityViolations } from './kit/pod-security.ts'
import { type Container, containersOf, podsOf, type RenderedPod } from './kit/pods.ts'

/** What the trial's images bring by themselves and look for on their own: mounts that no argument or configuration names. */
const OWN_PATHS: Readonly<Record<string, readonly string[]>> = {
  postgres: ['/var/run/postgresql', '/tmp', '/var/lib/postgresql/state'],
}
/** Where the code itself writes: `stateDir`, and Node's and SQLite's temporary files. */
const STATE_PATHS = ['/var/lib/gatehouse', '/tmp']
/** Where `policy.kubernetes` looks for its token when its configuration does not say. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Kinds that belong to no namespace. */
const OF_THE_CLUSTER = new Set(['CustomResourceDefinition', 'ValidatingWebhookConfiguration'])

describe('every object of every example', { skip: skipWithout('helm4') }, () => {
  /** One check over all examples; its sentences name example and object. */
  const everywhere = (name: string, check: (objects: readonly KubeObject[]) => readonly string[]): void => {
    it(name, () => {
      const found = examples.flatMap((example) => check(objectsOf(example)).map((text) => `${example}: ${text}`))
      assert.deepEqual(found, [])
    })
  }
  const everyPod = (name: string, check: (pod: RenderedPod, objects: readonly KubeObject[]) => readonly string[]): void =>
    everywhere(name, (objects) => podsOf(objects).flatMap((pod) => check(pod, objects).map((text) => `${pod.id}: ${text}`)))
  const everyContainer = (name: string, check: (container: Container, pod: RenderedPod) => readonly string[]): void =>
    everyPod(name, (pod) => containersOf(pod).flatMap((each) => check(each, pod).map((text) => `${each.name}: ${text}`)))

  everyPod('fits into a namespace that enforces PodSecurity "restricted"', (pod) => podSecurityViolations(pod.spec))

  it('PodSecurity: the check finds what is forbidden', () => {
    const loose = { containers: [{ name: 'a', image: 'b' }], hostNetwork: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }
    assert.equal(podSecurityViolations(loose).length, 6)
  })

  everyContainer('has a read-only root file system', (each) =>
    each.securityContext?.readOnlyRootFilesystem === true ? [] : ['root file system can be written'],
  )
  everyPod('has no token, no service links', (pod) => [
    ...(pod.spec.automountServiceAccountToken === false ? [] : ['mounts a token']),
    ...(pod.spec.enableServiceLinks === false ? [] : ['has service links']),
  ])
  everywhere('gives no right to anybody, but a Role of the namespace to the policy service while the policy controller is on', (objects) =>
    objects
      .filter(({ kind }) => /Role/.test(kind))
      .map(idOf)
      .filter((id) => !/^Role(Binding)?\/gh-gatehouse-policy-controller$/.test(id)),
  )
  everyContainer('says what it needs, and has a limit of memory', (each) => [
    ...(each.resources?.requests?.['cpu'] === undefined ? ['requests no CPU'] : []),
    ...(each.resources?.requests?.['memory'] === undefined ? ['requests no memory'] : []),
    ...(each.resources?.limits?.['memory'] === undefined ? ['has no limit of memory'] : []),
  ])
  everyContainer('gets secrets as files: none in its environment, none written into a text', (each) =>
    (each.env ?? []).filter((variable) => /secretKeyRef|password:/i.test(JSON.stringify(variable))).map(({ name }) => name),
  )
  it('depends on no chart of anybody else', () => {
    assert.ok(!/^dependencies:/m.test(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')))
  })
  everyContainer('names no environment variable twice (Helm 4 applies on the server, which refuses it)', (each) => {
    const names = (each.env ?? []).map(({ name }) => name)
    return names.filter((name, index) => names.indexOf(name) !== index)
  })
  everyPod('has three probes of its services, the depths apart', (pod) =>
    !pod.isService
      ? []
      : pod.spec.containers.flatMap((each) => [
          ...(each.startupProbe === undefined ? ['no startupProbe'] : []),
          ...(each.readinessProbe === undefined ? ['no readinessProbe'] : []),
          ...(each.livenessProbe === undefined ? ['no livenessProbe'] : []),
          ...(JSON.stringify(each.readinessProbe) === JSON.stringify(each.livenessProbe) ? ['ready and live are one'] : []),
        ]),
  )
  everyPod('spreads its services over nodes', (pod) =>
    pod.isService && (pod.spec.topologySpreadConstraints ?? []).length === 0 ? ['no topologySpreadConstraints'] : [],
  )
  everyPod('names ports once', (pod) => {
    const ports = pod.spec.containers.flatMap((each) => each.ports ?? [])
    const names = ports.map(({ name }) => name ?? '')
    const numbers = ports.map(({ containerPort }) => String(containerPort))
    return [...names.filter((name) => !/^[a-z][a-z0-9-]{0,14}$/.test(name)), ...repeated(names), ...repeated(numbers)]
  })
  everyPod('mounts volumes that are there, and has no volume that nobody mounts', (pod) => {
    const volumes = [...(pod.spec.volumes ?? []).map(({ name }) => name), ...pod.claims]
    const mounts = containersOf(pod).flatMap((each) => (each.volumeMounts ?? []).map(({ name }) => name))
    return [
      ...repeated(volumes).map((name) => `volume ${name} is there twice`),
      ...volumes.filter((name) => !mounts.includes(name)).map((name) => `volume ${name} is mounted by nobody`),
      ...mounts.filter((name) => !volumes.includes(name)).map((name) => `${name} is mounted and not there`),
    ]
  })
  everyPod('mounts nothing that is not used, and uses no file that is not mounted', (pod, objects) => mountProblems(pod, objects))
  everywhere('has a name that Kubernetes takes, at most 63 characters', (objects) =>
    objects
      .filter(({ kind }) => kind !== 'CustomResourceDefinition')
      .filter(({ metadata }) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(metadata.name))
      .map(idOf),
  )
  everywhere('is there once', (objects) => repeated(objects.map((object) => `${object.apiVersion} ${idOf(object)}`)))
  everywhere('carries the labels of the release', (objects) =>
    objects
      .filter(({ metadata }) => !metadata.name.endsWith('-extra'))
      .filter(
        ({ kind, metadata }) =>
          metadata.labels?.['app.kubernetes.io/instance'] !== 'gh' ||
          metadata.namespace !== (OF_THE_CLUSTER.has(kind) ? undefined : 'gatehouse'),
      )
      .map(idOf),
  )
  everywhere('is found by its selectors: workload, Service, PodDisruptionBudget, monitor', (objects) => selectorProblems(objects))

  it('a long name of a release breaks no name', () => {
    const release = 'a-release-whose-name-is-as-long-as-helm-allows-53-chars'.slice(0, 53)
    const objects = objectsOf('everything', { release })
    const long = objects.filter(({ metadata }) => metadata.name.length > 63).map(idOf)
    assert.deepEqual(long, [])
    const claims = objects.filter(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.length > 52).map(idOf)
    assert.deepEqual(claims, [], 'pods of a StatefulSet carry a label of its name and eleven characters')
  })

  it('global settings reach every component', () => {
    const objects = objectsOf('everything')
    const isOurs = ({ metadata }: KubeObject): boolean => !metadata.name.endsWith('-extra')
    const without = (has: (object: KubeObject) => boolean): string[] => objects.filter((object) => isOurs(object) && !has(object)).map(idOf)
    assert.deepEqual(
      without(({ metadata }) => metadata.labels?.['team'] === 'messaging'),
      [],
    )
    assert.deepEqual(
      without(({ metadata }) => metadata.annotations?.['example.org/owner'] === 'messaging'),
      [],
    )
    for (const pod of podsOf(objects)) {
      const secrets = (pod.spec as unknown as { imagePullSecrets?: { name: string }[] }).imagePullSecrets ?? []
      assert.deepEqual(
        secrets.map(({ name }) => name),
        ['registry', 'mirror'],
        pod.id,
      )
      for (const each of containersOf(pod)) assert.match(each.image, /^registry\.contoso\.example\//, pod.id)
      for (const each of containersOf(pod)) assert.equal((each as unknown as { imagePullPolicy: string }).imagePullPolicy, 'Always', pod.id)
    }
  })

  it('every template is rendered by some example: a new one comes with a test', () => {
    const sources = new Set(
      examples.flatMap((example) => [...helmTemplate(example).out.matchAll(/^# Source: gatehouse\/(.*)$/gm)].map((each) => each[1])),
    )
    const templates = readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => `templates/${name}`)
      // renders nothing: it fails or is silent
      .filter((name) => name !== 'templates/z-validation/validate.yaml')
    assert.deepEqual(
      templates.filter((name) => !sources.has(name)),
      [],
    )
  })
})

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}

/** Paths that the container's arguments, environment and configuration name, and those it is given. */
function mountProblems(pod: RenderedPod, objects: readonly KubeObject[]): string[] {
  const configs = (pod.spec.volumes ?? []).flatMap((volume) => {
    const found = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === volume.configMap?.name)
    return Object.values(found?.data ?? {})
  })
  return containersOf(pod).flatMap((container) => {
    const words = [...(container.args ?? []), ...(container.command ?? []), ...(container.env ?? []).map((each) => JSON.stringify(each))]
    // The check of configurations looks into no file that they name.
    const isCheck = container.args?.[0] === 'config'
    const text = [...words, ...(isCheck ? [] : configs)].join('\n')
    const used = [...text.matchAll(/(?<![\w.:/])\/(?:etc|var|run|data|tmp)(?:\/[\w.-]+)*/g)].map((match) => match[0])
    const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath)
    const own = [...(OWN_PATHS[container.name] ?? []), ...(pod.component === 'nats' || pod.component === 'postgres' ? [] : STATE_PATHS)]
    const isUsed = (mount: string): boolean =>
      own.includes(mount) ||
      used.some((path) => path === mount || path.startsWith(`${mount}/`)) ||
      mount === '/scratch' ||
      (mount === TOKEN_PATH && pod.component === 'policy')
    const isMounted = (path: string): boolean => mounts.some((mount) => path === mount || path.startsWith(`${mount}/`))
    return [
      ...repeated(mounts).map((mount) => `${container.name}: two mounts at ${mount}`),
      ...mounts.filter((mount) => !isUsed(mount)).map((mount) => `${container.name}: nothing uses ${mount}`),
      ...used.filter((path) => !isMounted(path)).map((path) => `${container.name}: ${path} is not mounted`),
    ]
  })
}

function selectorProblems(objects: readonly KubeObject[]): string[] {
  const pods = podsOf(objects)
  return objects.flatMap((object) => {
    if (!['Deployment', 'StatefulSet', 'Service', 'PodDisruptionBudget', 'PodMonitor', 'ServiceMonitor'].includes(object.kind)) return []
    const selector = (object.spec?.['selector'] ?? {}) as { matchLabels?: Record<string, string> } & Record<string, string>
    const wanted = object.kind === 'Service' ? selector : (selector.matchLabels ?? {})
    const isMeant = (labels: Readonly<Record<string, string>>): boolean =>
      Object.entries(wanted).every(([key, value]) => labels[key] === value)
    const targets =
      object.kind === 'ServiceMonitor'
        ? objects.filter((each) => each.kind === 'Service').filter((each) => isMeant(each.metadata.labels ?? {}))
        : pods.filter((pod) => isMeant(pod.labels))
    if (targets.length === 0) return [`${idOf(object)} finds nothing`]
    const keys = Object.keys(wanted).sort().join()
    const frozen = 'app.kubernetes.io/component,app.kubernetes.io/instance,app.kubernetes.io/name'
    return keys === frozen ? [] : [`${idOf(object)} selects by ${keys}`]
  })
}
