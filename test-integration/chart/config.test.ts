import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { Authority } from '@gatehouse/lab'
import { commands, type GatehouseConfig, gatehouseConfig, type Io, runCli } from 'gatehouse'
import { findTool, skipWithout } from '../peers-kit/find-tool.ts'
import { examples, objectsOf, runTool } from './kit/helm.ts'
import { containersOf, podsOf } from './kit/pods.ts'

/** What a pod needs beside its drain, at the least: closing the bus and the database. */
const MARGIN_S = 5

/** Each component's gatehouse.yaml, from its own ConfigMap and from the one of the check. */
function configsOf(example: string): { readonly name: string; readonly text: string }[] {
  return objectsOf(example)
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap(({ metadata, data }) =>
      Object.entries(data ?? {})
        .filter(([key]) => key.endsWith('.yaml'))
        .map(([key, text]) => ({ name: `${example}: ${metadata.name}/${key}`, text })),
    )
}

function loaded(name: string, text: string): GatehouseConfig {
  const result = loadConfig(gatehouseConfig, text, name)
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

describe('what the services read', { skip: skipWithout('helm4') }, () => {
  it('every gatehouse.yaml of every example is taken by our own loader', () => {
    const all = examples.flatMap(configsOf)
    assert.ok(all.length > 40, `${all.length} files`)
    for (const { name, text } of all) loaded(name, text)
  })

  it('the file that is checked is the file that is run', () => {
    for (const example of examples) {
      const objects = objectsOf(example).filter(({ kind }) => kind === 'ConfigMap')
      const checked = objects.find(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-install,pre-upgrade')
      const run = objects.filter(({ data }) => data?.['gatehouse.yaml'] !== undefined)
      assert.deepEqual(new Set(Object.values(checked?.data ?? {})), new Set(run.map(({ data }) => data?.['gatehouse.yaml'])), example)
    }
  })

  it('each service has its own section and no other', () => {
    const sections: Readonly<Record<string, readonly string[]>> = {
      'federation-peer': ['federationPeer'],
      'public-im-bridge': ['publicImBridge'],
      policy: ['policy'],
      archive: ['archive'],
      gateway: ['federationPeer', 'policy', 'archive'],
    }
    for (const { name, text } of examples.flatMap(configsOf).filter((each) => each.name.endsWith('/gatehouse.yaml'))) {
      const component = Object.keys(sections).find((word) => name.includes(`-${word}/`)) ?? ''
      const found = [...text.matchAll(/^(federationPeer|publicImBridge|policy|archive):/gm)].map((match) => match[1] as string)
      assert.deepEqual(found.sort(), [...(sections[component] ?? [])].sort(), name)
    }
  })

  it('pods wait longer for the end than the drain takes', () => {
    for (const example of examples) {
      const objects = objectsOf(example)
      for (const pod of podsOf(objects).filter(({ component }) => component === 'federation-peer' || component === 'gateway')) {
        const config = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === pod.owner.metadata.name)
        const drain = loaded(pod.id, config?.data?.['gatehouse.yaml'] ?? '').federationPeer?.drain
        assert.ok(drain !== undefined, pod.id)
        const sleep = containersOf(pod)
          .map((each) => (each as { lifecycle?: { preStop?: { sleep?: { seconds: number } } } }).lifecycle?.preStop?.sleep?.seconds ?? 0)
          .reduce((sum, seconds) => sum + seconds, 0)
        const takes = sleep + (drain.graceMs + drain.finishMs + drain.closeMs) / 1000
        assert.ok((pod.spec.terminationGracePeriodSeconds ?? 30) >= takes + MARGIN_S, `${example}: ${pod.id}: drain takes ${takes} s`)
      }
    }
  })

  it('every command line in the chart is one that the command line takes', async () => {
    const lines = new Map<string, readonly string[]>()
    for (const example of examples) {
      for (const pod of podsOf(objectsOf(example)).filter(({ component }) => component !== 'nats' && component !== 'postgres')) {
        for (const each of containersOf(pod)) lines.set(`${example}: ${pod.id}: ${each.name}`, each.args ?? [])
      }
    }
    for (const [name, args] of lines) {
      let text = ''
      const write = (part: string | Uint8Array): boolean => {
        text += part
        return true
      }
      const io = { out: { write }, err: { write }, env: {}, cwd: '.', isTerminal: false, isErrorTerminal: false } as unknown as Io
      // With --help the options are checked and nothing is run.
      assert.equal(await runCli(commands, [...args, '--help'], io), 0, `${name}: gatehouse ${args.join(' ')}\n${text}`)
    }
  })

  it('a change of the configuration rolls the pods, and nothing else does', () => {
    const sums = (set: readonly string[]): Map<string, string | undefined> =>
      new Map(podsOf(objectsOf('small-trial', { set })).map((pod) => [pod.id, pod.annotations['checksum/config']]))
    const before = sums([])
    const after = sums(['federationPeer.config.limits.maxConnections=7'])
    const changed = [...before].filter(([id, sum]) => after.has(id) && after.get(id) !== sum).map(([id]) => id)
    assert.deepEqual(changed, ['Deployment/gh-gatehouse-federation-peer'])
    assert.deepEqual(sums(['federationPeer.replicas=5', 'global.labels.a=b']), before)
  })
})

describe('what NATS reads', { skip: skipWithout('helm4', 'nats-server') }, () => {
  for (const example of ['small-trial', 'everything']) {
    it(`nats.conf of ${example} is taken by the real nats-server, and says sync_interval: always`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'gh-nats-'))
      try {
        const config = objectsOf(example).flatMap(({ data }) => data?.['nats.conf'] ?? [])
        assert.equal(config.length, 1)
        const authority = Authority.create({ name: 'Lab' })
        const issued = authority.issue({ dns: ['nats.example.org'] })
        mkdirSync(join(folder, 'tls'))
        writeFileSync(join(folder, 'tls/tls.crt'), issued.chainPem)
        writeFileSync(join(folder, 'tls/tls.key'), issued.keyPem)
        writeFileSync(join(folder, 'tls/ca.crt'), authority.certificate.certPem)
        const text = (config[0] as string)
          .replaceAll('/etc/nats-tls', join(folder, 'tls'))
          .replace('"/data"', `"${folder}/data"`)
          .replace('$POD_NAME', 'gh-gatehouse-nats-0')
        assert.match(text, /sync_interval: always/)
        assert.match(text, /verify: true/)
        writeFileSync(join(folder, 'nats.conf'), text)
        const run = runTool('nats-server', ['-t', '-c', join(folder, 'nats.conf')])
        assert.equal(run.status, 0, `${findTool('nats-server')}: ${run.out}${run.err}`)
        assert.match(run.out + run.err, /configuration file .* is valid|test successful/i)
        writeFileSync(join(folder, 'nats.conf'), text.replace('sync_interval: always', 'sync_intervall: always'))
        assert.notEqual(runTool('nats-server', ['-t', '-c', join(folder, 'nats.conf')]).status, 0, 'the check can fail')
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }
})
