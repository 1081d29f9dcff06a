import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { CHART, examples, helmTemplate, idOf, type KubeObject, objectsOf, parseObjects } from './kit/helm.ts'

/** What Kubernetes lets nobody change: an upgrade that tries fails half-way. */
interface Frozen {
  readonly selector?: unknown
  readonly serviceName?: unknown
  readonly podManagementPolicy?: unknown
  readonly volumeClaimTemplates?: unknown
  readonly clusterIP?: unknown
}

const FROZEN_FILE = join(import.meta.dirname, 'frozen.json')

function frozenOf(object: KubeObject): Frozen | undefined {
  const spec = object.spec ?? {}
  if (object.kind === 'Service') return { clusterIP: spec['clusterIP'] ?? 'given by Kubernetes' }
  if (object.kind === 'Deployment') return { selector: spec['selector'] }
  if (object.kind !== 'StatefulSet') return undefined
  const { selector, serviceName, podManagementPolicy, volumeClaimTemplates } = spec
  return { selector, serviceName, podManagementPolicy: podManagementPolicy ?? 'OrderedReady', volumeClaimTemplates }
}

function allFrozen(): Record<string, Record<string, Frozen>> {
  const all: Record<string, Record<string, Frozen>> = {}
  for (const example of examples) {
    all[example] = Object.fromEntries(
      objectsOf(example).flatMap((object) => {
        const frozen = frozenOf(object)
        return frozen === undefined ? [] : [[idOf(object), frozen] as const]
      }),
    )
  }
  return all
}

/** Lines of the second text that are not in their place in the first: short, where a comparison of the whole would print both. */
function linesThatDiffer(before: string, after: string): string[] {
  const old = before.split('\n')
  const now = after.split('\n')
  const found = now.filter((line, index) => line !== old[index])
  return now.length === old.length ? found : [...found, `${old.length} lines became ${now.length}`]
}

describe('an upgrade', { skip: skipWithout('helm4', 'helm3') }, () => {
  it('changes nothing that Kubernetes lets nobody change', () => {
    // GATEHOUSE_FREEZE=1 writes the file anew: only for a new object, or in a release whose notes say how to move.
    if (process.env['GATEHOUSE_FREEZE'] === '1') writeFileSync(FROZEN_FILE, `${JSON.stringify(allFrozen(), null, 2)}\n`)
    const frozen = JSON.parse(readFileSync(FROZEN_FILE, 'utf8')) as Record<string, Record<string, Frozen>>
    const now = JSON.parse(JSON.stringify(allFrozen())) as typeof frozen
    for (const [example, objects] of Object.entries(frozen)) {
      for (const [id, before] of Object.entries(objects)) assert.deepEqual(now[example]?.[id], before, `${example}: ${id}`)
    }
    const unknown = Object.entries(now).flatMap(([example, objects]) =>
      Object.keys(objects)
        .filter((id) => frozen[example]?.[id] === undefined)
        .map((id) => `${example}: ${id}`),
    )
    assert.deepEqual(unknown, [], 'not in frozen.json yet')
  })

  it('to another version of the chart changes images, versions in labels, and nothing frozen', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gh-chart-'))
    try {
      cpSync(CHART, folder, { recursive: true })
      const chart = readFileSync(join(folder, 'Chart.yaml'), 'utf8')
        .replace('version: 0.1.0', 'version: 9.9.9')
        .replace('"0.1.0"', '"9.9.9"')
      writeFileSync(join(folder, 'Chart.yaml'), chart)
      for (const example of examples) {
        const before = helmTemplate(example).out
        const after = helmTemplate(example, { chart: folder, isUpgrade: true }).out
        const moved = after
          .replaceAll('helm.sh/chart: gatehouse-9.9.9', 'helm.sh/chart: gatehouse-0.1.0')
          .replaceAll(/(app\.kubernetes\.io\/version: "?)9\.9\.9/g, '$10.1.0')
          .replaceAll(/(gatehouse\/[a-z-]+):9\.9\.9/g, '$1:0.1.0')
        assert.deepEqual(linesThatDiffer(before, moved), [], example)
        const labels = parseObjects(after).flatMap((object) => JSON.stringify(frozenOf(object) ?? ''))
        assert.ok(!labels.some((text) => text.includes('9.9.9')), example)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('without a change renders octet by octet the same: nothing is random, no secret is made anew', () => {
    for (const example of examples) {
      assert.deepEqual(linesThatDiffer(helmTemplate(example).out, helmTemplate(example, { isUpgrade: true }).out), [], example)
      const secrets = objectsOf(example).filter(({ kind }) => kind === 'Secret')
      assert.deepEqual(secrets, [], 'the chart makes no Secret at all')
    }
    const sources = ['_names', '_secrets', '_config', '_pod'].map((name) => readFileSync(join(CHART, `templates/${name}.tpl`), 'utf8'))
    assert.ok(!sources.some((text) => /rand(Alpha|Numeric|Ascii|Bytes)|gen(CA|SelfSigned|PrivateKey|SignedCert)|uuidv4|now\b/.test(text)))
  })

  it('with other labels, annotations and sizes of pods touches nothing frozen', () => {
    const set = ['global.labels.a=b', 'global.annotations.c=d', 'federationPeer.podLabels.e=f', 'archive.resources.limits.memory=2Gi']
    for (const example of examples) {
      const before = objectsOf(example).map((object) => [idOf(object), frozenOf(object)])
      const after = objectsOf(example, { set }).map((object) => [idOf(object), frozenOf(object)])
      assert.deepEqual(after, before, example)
    }
  })

  it('names Jobs by what they check, and has the old one removed first', () => {
    const name = (set: readonly string[]): string =>
      objectsOf('small-trial', { set }).find(({ kind }) => kind === 'Job')?.metadata.name ?? ''
    assert.notEqual(name([]), '')
    assert.equal(name(['federationPeer.replicas=4']), name([]))
    assert.notEqual(name(['federationPeer.config.limits.maxConnections=9']), name([]))
    for (const object of examples.flatMap((example) => objectsOf(example))) {
      if (object.kind !== 'Job') continue
      assert.match(object.metadata.annotations?.['helm.sh/hook-delete-policy'] ?? '', /before-hook-creation/)
    }
  })

  it('runs hooks in the order of this table', () => {
    const rows = objectsOf('everything')
      .filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined)
      .map(({ kind, metadata }) => [
        metadata.annotations?.['helm.sh/hook'],
        Number(metadata.annotations?.['helm.sh/hook-weight']),
        kind,
        metadata.name.replace(/-[0-9a-f]{8}$/, '').replace(/^gh-gatehouse-/, ''),
      ])
      .sort((a, b) => (String(a) < String(b) ? -1 : 1))
    assert.deepEqual(rows, [
      ['pre-install,pre-upgrade', -5, 'ConfigMap', 'config-check'],
      ['pre-install,pre-upgrade', 0, 'Job', 'config-check'],
      ['test', 0, 'Pod', 'test-status'],
      ['test', 5, 'Pod', 'test-message'],
    ])
  })

  it('the type of a Service may change, and leaves nothing of the old one behind', () => {
    const spec = (type: string): Readonly<Record<string, unknown>> =>
      objectsOf('small-trial', {
        set: [`federationPeer.externalService.type=${type}`, 'federationPeer.externalService.nodePort=30061'],
      }).find(({ metadata }) => metadata.name === 'gh-gatehouse-federation-peer-external')?.spec ?? {}
    assert.deepEqual(Object.keys(spec('ClusterIP')).sort(), ['ports', 'selector', 'type'])
    assert.deepEqual(Object.keys(spec('NodePort')).sort(), ['externalTrafficPolicy', 'ports', 'selector', 'type'])
    assert.deepEqual(Object.keys(spec('LoadBalancer')).sort(), [
      'allocateLoadBalancerNodePorts',
      'externalTrafficPolicy',
      'ports',
      'selector',
      'type',
    ])
  })

  it('certificates are for both ends, and their Secrets are those that pods mount', () => {
    const objects = objectsOf('everything')
    const certificates = objects.filter(({ kind }) => kind === 'Certificate')
    assert.equal(certificates.length, 10)
    // the API server calls the webhook, and never the other way round
    for (const { spec, metadata } of certificates.filter((each) => !each.metadata.name.endsWith('-webhook'))) {
      const usages = spec?.['usages'] as readonly string[]
      assert.ok(usages.includes('server auth') && usages.includes('client auth'), metadata.name)
    }
    const made = new Set(certificates.map(({ spec }) => spec?.['secretName']))
    const text = JSON.stringify(objects.filter(({ kind }) => kind !== 'Certificate'))
    const wanted = new Set([...text.matchAll(/"secretName":"(gh-gatehouse-[^"]+)"/g)].map((match) => match[1]))
    assert.deepEqual(
      [...wanted].filter((name) => !made.has(name)),
      [],
      'mounted, and nobody makes it',
    )
    assert.deepEqual(
      [...made].filter((name) => !wanted.has(String(name))),
      ['gh-gatehouse-operator'],
      'made, and nobody mounts it',
    )
  })
})
