import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { kubernetesConfig } from '@gatehouse/policy'
import { controllerRules, customResourceDefinition, policyKindNames } from '@gatehouse/policy-document'
import { parse } from 'yaml'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { startKube } from '../peers-kit/kube-api.ts'
import { conditionsOf, NAMESPACE, objectOf, PolicySites, pathOf, tokenOf } from '../peers-kit/kube-policy-site.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { helmTemplate, idOf, type KubeObject, objectsOf } from './kit/helm.ts'
import { containersOf, podsOf } from './kit/pods.ts'

const ON = ['policyController.enabled=true']

function on(example: string, ...set: readonly string[]): readonly KubeObject[] {
  return objectsOf(example, { set: [...ON, ...set] })
}

function ofKind(objects: readonly KubeObject[], kind: string): readonly KubeObject[] {
  return objects.filter((object) => object.kind === kind)
}

/** Rules with sorted resources: their order means nothing. */
function sorted(rules: unknown): unknown {
  return (rules as { resources: string[] }[]).map((rule) => ({ ...rule, resources: [...rule.resources].sort() }))
}

function configOf(objects: readonly KubeObject[], name: string): unknown {
  const text = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data?.['gatehouse.yaml'] ?? ''
  return parse(text).policy.kubernetes
}

describe('the policy controller in the chart', { skip: skipWithout('helm4') }, () => {
  it('brings the definitions as the code has them, and keeps them', () => {
    const definitions = ofKind(on('production'), 'CustomResourceDefinition')
    assert.equal(definitions.length, policyKindNames.length)
    for (const kind of policyKindNames) {
      const expected = customResourceDefinition(kind) as unknown as KubeObject
      const found = definitions.find(({ metadata }) => metadata.name === expected.metadata.name)
      assert.deepEqual(found?.spec, JSON.parse(JSON.stringify(expected.spec)), kind)
      assert.equal(found?.metadata.annotations?.['helm.sh/resource-policy'], 'keep')
    }
    const loose = ofKind(on('production', 'policyController.crds.keep=false'), 'CustomResourceDefinition')
    assert.ok(loose.every(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'] === undefined))
    assert.deepEqual(ofKind(on('production', 'policyController.crds.enabled=false'), 'CustomResourceDefinition'), [])
  })

  it('gives the policy pod the rights it needs, for the kinds it owns, and a token to no other pod', () => {
    const rulesOf = (objects: readonly KubeObject[]): unknown => sorted((ofKind(objects, 'Role')[0] as unknown as { rules: unknown }).rules)
    assert.deepEqual(rulesOf(on('production')), sorted(controllerRules()))
    assert.deepEqual(
      rulesOf(on('production', 'policyController.kinds={Partner,BlockEntry}')),
      sorted(controllerRules(['Partner', 'BlockEntry'])),
    )
    for (const [example, runner, hasWebhook] of [
      ['production', 'policy', 'true'],
      ['minimal', 'gateway', 'false'],
    ] as const) {
      const objects = on(example, `policyController.webhook.enabled=${hasWebhook}`)
      assert.deepEqual(ofKind(objects, 'ClusterRole'), [])
      const withToken = podsOf(objects).filter(({ spec }) => JSON.stringify(spec.volumes ?? []).includes('serviceAccountToken'))
      assert.deepEqual(
        withToken.map(({ labels }) => labels['app.kubernetes.io/component']),
        [runner],
        example,
      )
      assert.ok(podsOf(objects).every(({ spec }) => spec.automountServiceAccountToken === false))
      const [binding] = ofKind(objects, 'RoleBinding') as unknown as { subjects: { name: string }[] }[]
      assert.equal(binding?.subjects[0]?.name, withToken[0]?.spec.serviceAccountName)
    }
  })

  it('writes a section that the service takes, whose files are mounted', () => {
    const objects = on('production', 'policyController.kinds={Partner}')
    const pod = podsOf(objects).find(({ labels }) => labels['app.kubernetes.io/component'] === 'policy')
    const config = kubernetesConfig.parse(configOf(objects, 'gh-gatehouse-policy'))
    assert.deepEqual([config.namespace, config.kinds], [NAMESPACE, ['Partner']])
    const mounts = pod === undefined ? [] : containersOf(pod).flatMap((each) => (each.volumeMounts ?? []).map(({ mountPath }) => mountPath))
    for (const file of [config.tokenFile, config.caFile, config.webhook?.certFile, config.webhook?.keyFile]) {
      assert.ok(
        mounts.some((path) => file?.startsWith(`${path}/`)),
        file,
      )
    }
    const off = on('production', 'policyController.webhook.enabled=false')
    assert.equal(kubernetesConfig.parse(configOf(off, 'gh-gatehouse-policy')).webhook, undefined)
    assert.deepEqual(ofKind(off, 'ValidatingWebhookConfiguration'), [])
  })

  it('leads the API server to the webhook, by cert-manager’s certificate or yours', () => {
    const objects = on('production')
    const webhook = ofKind(objects, 'ValidatingWebhookConfiguration')[0] as unknown as {
      metadata: KubeObject['metadata']
      webhooks: {
        failurePolicy: string
        clientConfig: { service: { name: string; path: string }; caBundle?: string }
        rules: { operations: string[] }[]
      }[]
    }
    const [hook] = webhook.webhooks
    const service = ofKind(objects, 'Service').find(({ metadata }) => metadata.name === hook?.clientConfig.service.name)
    const pod = podsOf(objects).find(({ labels }) => labels['app.kubernetes.io/component'] === 'policy')
    assert.ok(service !== undefined)
    const { selector, ports } = service.spec as { selector: Record<string, string>; ports: { targetPort: string }[] }
    for (const [label, value] of Object.entries(selector)) assert.equal(pod?.labels[label], value)
    assert.ok(pod !== undefined && containersOf(pod).some((each) => each.ports?.some(({ name }) => name === ports[0]?.targetPort)))
    assert.deepEqual([hook?.failurePolicy, hook?.rules[0]?.operations], ['Ignore', ['CREATE', 'UPDATE']])
    const [certificate] = ofKind(objects, 'Certificate').filter(({ metadata }) => metadata.name.endsWith('-webhook'))
    assert.equal(webhook.metadata.annotations?.['cert-manager.io/inject-ca-from'], `${NAMESPACE}/${certificate?.metadata.name}`)
    assert.match(JSON.stringify(certificate?.spec?.['dnsNames']), new RegExp(`"${service.metadata.name}\\.${NAMESPACE}\\.svc"`))
    const own = on('production', 'policyController.webhook.existingSecret=mine', 'policyController.webhook.caBundle=Q0E=')
    assert.deepEqual(
      ofKind(own, 'Certificate').filter(({ metadata }) => metadata.name.endsWith('-webhook')),
      [],
    )
    assert.match(JSON.stringify(ofKind(own, 'ValidatingWebhookConfiguration')), /"caBundle":"Q0E="/)
  })

  it('says what is wrong with its values, and what to do', () => {
    const webhook = 'policyController.webhook'
    const wrong: readonly (readonly [string, readonly string[], string, RegExp])[] = [
      ['production', ['policyController.kinds={Partnr}'], 'policyController.kinds', /'Partnr' is no kind.*\n.*Choose from AllowedDomain/],
      ['perimeter-edge', [], 'policyController.enabled', /no pod of this release runs the policy service/],
      ['small-trial', ['global.certManager.enabled=false'], `${webhook}.existingSecret`, /the webhook has no certificate/],
      ['production', [`${webhook}.existingSecret=mine`], `${webhook}.caBundle`, /would not trust/],
    ]
    for (const [example, set, key, says] of wrong) {
      const run = helmTemplate(example, { set: [...ON, ...set] })
      assert.notEqual(run.status, 0, key)
      assert.ok(run.err.includes(`  ${key}: `), run.err)
      assert.match(run.err, says)
    }
  })
})

/** Where objects of the chart's part for the controller are posted. */
const PATHS: Readonly<Record<string, string>> = {
  ServiceAccount: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
  Service: `/api/v1/namespaces/${NAMESPACE}/services`,
  Role: `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles`,
  RoleBinding: `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`,
  NetworkPolicy: `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/networkpolicies`,
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ValidatingWebhookConfiguration: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  Deployment: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
}

test(
  'what the chart renders is taken by a real API server, and enough for the controller',
  { skip: skipWithout('helm4', 'kube-apiserver', 'etcd') },
  withRack('chart-policy', async (rack, t) => {
    const kube = rack.add(await startKube(rack.path('kube')))
    const { admin } = kube
    await admin.post('/api/v1/namespaces', {
      metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    })

    await rack.step(t, 'every object is taken', async () => {
      for (const object of on('production')) {
        const path = PATHS[object.kind]
        if (path === undefined) continue
        const { status, body, warnings } = await admin.post(`${path}?fieldValidation=Strict`, object)
        assert.equal(status, 201, `${idOf(object)}: ${JSON.stringify(body)}`)
        assert.deepEqual(warnings, [], idOf(object))
      }
    })

    await rack.step(t, 'the account of the policy pod brings a partner into force', async () => {
      const sites = new PolicySites(rack, kube, await tokenOf(kube, 'gh-gatehouse-policy'))
      const site = await sites.start()
      rack.onStop(() => site.stop())
      // the webhook of the chart leads to a Service without pods, and does not hold anything up
      const made = await admin.apply(pathOf('Partner', 'fabrikam'), objectOf('Partner', 'fabrikam', { domains: ['fabrikam.example'] }))
      assert.equal(made.status, 201, JSON.stringify(made.body))
      const deadline = performance.now() + 60_000
      for (;;) {
        const conditions = conditionsOf(await admin.get(pathOf('Partner', 'fabrikam')))
        if (conditions.some((line) => line.startsWith('InForce True'))) break
        assert.ok(performance.now() < deadline, conditions.join('\n'))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })
  }),
)
