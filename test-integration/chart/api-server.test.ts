import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { type RunningKube, startKube } from '../peers-kit/kube-api.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { CHART, exampleFile, examples, type HelmName, idOf, objectsOf, runTool, type ToolRun } from './kit/helm.ts'
import { podsOf } from './kit/pods.ts'

/** Kinds of operators that no API server has by itself: their own definitions are not ours to check, kubeconform's schemas are. */
const FOREIGN: readonly (readonly [string, string, string, string])[] = [
  ['cert-manager.io', 'v1', 'Certificate', 'certificates'],
  ['cert-manager.io', 'v1', 'Issuer', 'issuers'],
  ['monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
  ['keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'],
]
/** The API server of the tests has one family of addresses. */
const ONE_FAMILY: Readonly<Record<string, readonly string[]>> = { 'proxy-protocol': ['--set', 'global.ipFamilies={IPv4}'] }

async function prepare(kube: RunningKube): Promise<void> {
  for (const [group, version, kind, plural] of FOREIGN) {
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    const { status } = await kube.admin.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    })
    assert.equal(status, 201, kind)
  }
  for (const [group, version, , plural] of FOREIGN) {
    for (let tries = 0; (await kube.admin.get(`/apis/${group}/${version}/${plural}`)).status !== 200; tries++) {
      assert.ok(tries < 600, `${plural}.${group} is not served`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A namespace that enforces "restricted", and what a controller would have put into it. */
async function makeNamespace(kube: RunningKube, name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' }
  const made = await kube.admin.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
  assert.equal(made.status, 201)
  for (const account of ['default', ...podsOf(objectsOf(name)).map(({ spec }) => spec.serviceAccountName ?? 'default')]) {
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } }
    const dry = account === 'default' ? '' : '?dryRun=All'
    await kube.admin.post(`/api/v1/namespaces/${name}/serviceaccounts${dry}`, body)
  }
}

/** Helm holds this process up for longer than the API server keeps idle connections: each may turn out to be closed when it is used. */
async function listed(kube: RunningKube, path: string): ReturnType<RunningKube['admin']['get']> {
  for (let tries = 0; tries < 8; tries++) {
    const answer = await kube.admin.get(path).catch(() => undefined)
    if (answer !== undefined) return answer
  }
  return kube.admin.get(path)
}

test(
  'a real API server takes every example, in a namespace that enforces PodSecurity "restricted"',
  { skip: skipWithout('helm4', 'helm3', 'kube-apiserver', 'etcd') },
  withRack('chart-api', async (rack, t) => {
    const kube = rack.add(await startKube(rack.path('kube')))
    await prepare(kube)
    const helm = (name: HelmName, ...args: readonly string[]): ToolRun => runTool(name, args, '', { KUBECONFIG: kube.kubeconfig })
    // No controller runs here: a hook would never be done.
    const install = (name: HelmName, example: string, chart: string, ...more: readonly string[]): ToolRun =>
      helm(
        name,
        ...['upgrade', '--install', 'gh', chart, '--namespace', example, '--no-hooks', '--values', exampleFile(example)],
        ...(ONE_FAMILY[example] ?? []),
        ...more,
      )

    for (const example of examples) {
      await rack.step(t, `helm install: ${example}`, async () => {
        await makeNamespace(kube, example)
        const run = install('helm4', example, CHART)
        assert.equal(run.status, 0, run.out + run.err)
        assert.ok(!/warning/i.test(run.err), run.err)
      })

      await rack.step(t, `admission takes each pod: ${example}`, async () => {
        for (const pod of podsOf(objectsOf(example))) {
          const body = {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'one', labels: pod.labels, annotations: pod.annotations },
            // what the controller of a StatefulSet adds
            spec: {
              ...pod.spec,
              restartPolicy: undefined,
              volumes: [...(pod.spec.volumes ?? []), ...pod.claims.map((name) => ({ name, emptyDir: {} }))],
            },
          }
          const made = await kube.admin.post(`/api/v1/namespaces/${example}/pods?dryRun=All&fieldValidation=Strict`, body)
          assert.equal(made.status, 201, `${pod.id}: ${JSON.stringify(made.body)}`)
          assert.deepEqual(made.warnings, [], pod.id)
        }
      })

      await rack.step(t, `hooks and tests are taken too: ${example}`, async () => {
        for (const object of objectsOf(example).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined)) {
          const path = { Job: 'apis/batch/v1', Pod: 'api/v1', ConfigMap: 'api/v1' }[object.kind]
          const body = { ...object, metadata: { ...object.metadata, namespace: example } }
          const url = `/${path}/namespaces/${example}/${object.kind.toLowerCase()}s?dryRun=All&fieldValidation=Strict`
          const made = await kube.admin.post(url, body)
          assert.equal(made.status, 201, `${idOf(object)}: ${JSON.stringify(made.body)}`)
          assert.deepEqual(made.warnings, [], idOf(object))
        }
      })
    }

    await rack.step(t, 'PodSecurity is enforced: a pod with more rights is turned away', async () => {
      const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'loose' }, spec: { containers: [{ name: 'a', image: 'b' }] } }
      const made = await kube.admin.post('/api/v1/namespaces/minimal/pods?dryRun=All', body)
      assert.equal(made.status, 403)
      assert.match(made.body.message, /violates PodSecurity "restricted/)
    })

    const next = rack.path('next')
    cpSync(CHART, next, { recursive: true })
    writeFileSync(join(next, 'Chart.yaml'), readFileSync(join(CHART, 'Chart.yaml'), 'utf8').replaceAll('0.1.0', '9.9.9'))
    for (const example of examples) {
      await rack.step(t, `helm upgrade to another version, with other values: ${example}`, async () => {
        const run = install('helm4', example, next, '--set', 'global.labels.team=b', '--set', 'global.annotations.team=b')
        assert.equal(run.status, 0, run.out + run.err)
      })
    }

    await rack.step(t, 'the type of a Service changes back and forth', () => {
      for (const type of ['ClusterIP', 'NodePort', 'LoadBalancer', 'ClusterIP']) {
        const run = install('helm4', 'small-trial', CHART, '--set', `federationPeer.externalService.type=${type}`)
        assert.equal(run.status, 0, `${type}: ${run.err}`)
      }
      return Promise.resolve()
    })

    await rack.step(t, 'installed by Helm 3, upgraded by Helm 4, and nothing is left after uninstall but claims', async () => {
      const uninstalled = helm('helm4', 'uninstall', 'gh', '--namespace', 'public-networks', '--no-hooks')
      assert.equal(uninstalled.status, 0, uninstalled.err)
      const first = install('helm3', 'public-networks', CHART)
      assert.equal(first.status, 0, first.err)
      const second = install('helm4', 'public-networks', next)
      assert.equal(second.status, 0, second.err)
      assert.equal(helm('helm4', 'uninstall', 'gh', '--namespace', 'public-networks', '--no-hooks').status, 0)
      for (const path of ['apis/apps/v1/namespaces/public-networks/deployments', 'api/v1/namespaces/public-networks/configmaps']) {
        assert.deepEqual((await listed(kube, `/${path}?labelSelector=app.kubernetes.io/instance=gh`)).body.items, [], path)
      }
    })
  }),
)
