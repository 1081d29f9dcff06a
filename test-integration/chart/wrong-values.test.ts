import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { CHART, helmTemplate, runTool } from './kit/helm.ts'

interface WrongValue {
  readonly name: string
  readonly example?: string
  readonly set: readonly string[]
  /** The key that has to be named. */
  readonly key: string
  /** Words of the remedy, or of what the schema says. */
  readonly says: RegExp
}

/** Refused by values.schema.json, with the path of the key. */
const BY_SCHEMA: readonly WrongValue[] = [
  { name: 'unknown key of a service', set: ['archive.replica=2'], key: '/archive', says: /'replica' not allowed/ },
  { name: 'unknown key at the top', set: ['federationpeer.replicas=2'], key: "at ''", says: /'federationpeer' not allowed/ },
  {
    name: 'unknown key of a configuration',
    set: ['federationPeer.config.limts.maxConnections=2'],
    key: '/federationPeer/config',
    says: /'limts'/,
  },
  {
    name: 'unknown key deep in a configuration',
    set: ['archive.config.checkpoint.s3.buckets=a'],
    key: '/archive/config/checkpoint/s3',
    says: /'buckets'/,
  },
  {
    name: 'unknown key of what all share',
    set: ['global.config.telemetry.logs.level=info'],
    key: '/global/config/telemetry',
    says: /'logs'/,
  },
  { name: 'a bus beside the one of the chart', set: ['global.config.bus.driver=embedded'], key: '/global/config', says: /'bus'/ },
  { name: 'text for a number', set: ['policy.config.heartbeatMs=soon'], key: '/policy/config/heartbeatMs', says: /want integer/ },
  {
    name: 'number out of range',
    set: ['federationPeer.config.internalEdge.nextHop.links=9'],
    key: '/federationPeer/config/internalEdge/nextHop/links',
    says: /maximum/,
  },
  {
    name: 'word that is none of the choices',
    set: ['federationPeer.config.revocation=never'],
    key: '/federationPeer/config/revocation',
    says: /must be one of 'whenPresent', 'require'/,
  },
  { name: 'no pods at all', set: ['federationPeer.replicas=0'], key: '/federationPeer/replicas', says: /minimum/ },
  {
    name: 'a Service of an unknown type',
    set: ['federationPeer.externalService.type=Loadbalancer'],
    key: '/federationPeer/externalService/type',
    says: /'LoadBalancer'/,
  },
  { name: 'a tag in the digest', set: ['policy.image.digest=v1'], key: '/policy/image/digest', says: /does not match/ },
  { name: 'two NATS servers', set: ['trial.nats.replicas=2'], key: '/trial/nats/replicas', says: /must be/ },
  {
    name: 'trust without a name',
    set: ['federationPeer.trust[2].existingSecret=a'],
    key: '/federationPeer/trust/2',
    says: /missing propert/,
  },
]

/** Refused by the chart's own check, with a remedy. */
const BY_CHECK: readonly WrongValue[] = [
  {
    name: 'grace period below the drain',
    set: ['federationPeer.terminationGracePeriodSeconds=30'],
    key: 'federationPeer.terminationGracePeriodSeconds',
    says: /stopping takes up to 62 s.*\n.*at least 67/,
  },
  {
    name: 'grace period below a longer drain',
    set: ['federationPeer.terminationGracePeriodSeconds=80', 'federationPeer.config.drain.graceMs=60000'],
    key: 'federationPeer.terminationGracePeriodSeconds',
    says: /up to 102 s/,
  },
  {
    name: 'several pods of one process',
    example: 'minimal',
    set: ['federationPeer.replicas=3'],
    key: 'federationPeer.replicas',
    says: /embedded bus.*\n.*bring NATS/,
  },
  {
    name: 'public networks in one process',
    example: 'minimal',
    set: ['publicImBridge.enabled=true'],
    key: 'publicImBridge.enabled',
    says: /singleProcess\.enabled: false/,
  },
  {
    name: 'a NATS beside the embedded bus',
    example: 'minimal',
    set: ['trial.nats.enabled=true'],
    key: 'trial.nats.enabled',
    says: /Set it to false/,
  },
  {
    name: 'SQLite for two',
    example: 'public-networks',
    set: ['archive.replicas=2'],
    key: 'archive.replicas',
    says: /SQLite.*\n.*archive\.postgres\.existingSecret/,
  },
  {
    name: 'SQLite for as many as it takes',
    example: 'public-networks',
    set: ['policy.autoscaling.enabled=true'],
    key: 'policy.replicas',
    says: /no autoscaling/,
  },
  { name: 'no NATS', example: 'public-networks', set: ['bus.nats.servers=null'], key: 'bus.nats.servers', says: /host:port/ },
  {
    name: 'a NATS server without port',
    example: 'public-networks',
    set: ['bus.nats.servers={nats.example.org}'],
    key: 'bus.nats.servers',
    says: /no port.*\n.*4222/,
  },
  { name: 'two kinds of NATS', set: ['bus.nats.servers={nats.example.org:4222}'], key: 'bus.nats.servers', says: /Choose one/ },
  {
    name: 'outbox without monitors',
    example: 'production',
    set: ['bus.nats.monitors=null'],
    key: 'bus.nats.monitors',
    says: /sync_interval: always/,
  },
  {
    name: 'no name of the external edge',
    set: ['federationPeer.config=null'],
    key: 'federationPeer.config.externalEdge.name',
    says: /name that partners resolve/,
  },
  {
    name: 'no name of the internal edge',
    set: ['federationPeer.config=null'],
    key: 'federationPeer.config.internalEdge.name',
    says: /your own server calls the gate/,
  },
  {
    name: 'no next hop',
    set: ['federationPeer.config=null'],
    key: 'federationPeer.config.internalEdge.nextHop.host',
    says: /your own SIP server/,
  },
  {
    name: 'two edges on one port',
    set: ['federationPeer.config.internalEdge.listen.port=5061'],
    key: 'federationPeer.config.*.listen.port',
    says: /two different fixed ports/,
  },
  {
    name: 'nobody trusted',
    set: ['federationPeer.trust=null'],
    key: 'federationPeer.trust',
    says: /at least the authority of your own servers/,
  },
  {
    name: 'trust in nothing',
    example: 'proxy-protocol',
    set: ['federationPeer.trust[0].name=inside', 'federationPeer.trust[0].existingSecret='],
    key: 'federationPeer.trust[inside]',
    says: /either existingSecret or existingConfigMap/,
  },
  {
    name: 'PROXY protocol from everybody',
    example: 'proxy-protocol',
    set: ['federationPeer.config.externalEdge.proxyProtocolFrom={0.0.0.0/0}'],
    key: 'federationPeer.config.externalEdge.proxyProtocolFrom',
    says: /load balancers only/,
  },
  {
    name: 'no certificate outside',
    example: 'proxy-protocol',
    set: ['federationPeer.externalTls.existingSecret='],
    key: 'federationPeer.externalTls.existingSecret',
    says: /kubernetes\.io\/tls/,
  },
  {
    name: 'no certificate inside',
    example: 'proxy-protocol',
    set: ['federationPeer.internalEdgeTls.existingSecret='],
    key: 'federationPeer.internalEdgeTls.existingSecret',
    says: /certManager\.enabled/,
  },
  {
    name: 'no certificate between services',
    example: 'proxy-protocol',
    set: ['global.internalTls.existingSecret='],
    key: 'policy.internalTls.existingSecret',
    says: /ca\.crt/,
  },
  {
    name: 'no certificate for the tests',
    example: 'proxy-protocol',
    set: ['global.internalTls.existingSecret='],
    key: 'tests.tls.existingSecret',
    says: /tests\.enabled: false/,
  },
  {
    name: 'no key of routes',
    set: ['federationPeer.routeToken.existingSecret='],
    key: 'federationPeer.routeToken.existingSecret',
    says: /kubectl create secret generic/,
  },
  {
    name: 'no key of the policy',
    set: ['global.policyKey.existingSecret='],
    key: 'global.policyKey.existingSecret',
    says: /openssl genpkey/,
  },
  {
    name: 'no key of the archive',
    set: ['archive.signingKey.existingSecret='],
    key: 'archive.signingKey.existingSecret',
    says: /openssl genpkey/,
  },
  {
    name: 'no password of the trial',
    set: ['trial.postgres.auth.existingSecret='],
    key: 'trial.postgres.auth.existingSecret',
    says: /no default password/,
  },
  {
    name: 'a PostgreSQL for nobody',
    set: ['policy.postgres.existingSecret=', 'archive.postgres.existingSecret='],
    key: 'trial.postgres.enabled',
    says: /postgres:\/\/gatehouse:PASSWORD@/,
  },
  {
    name: 'no internal issuer',
    set: ['global.certManager.internalIssuer.name='],
    key: 'global.certManager.internalIssuer.name',
    says: /Issuer/,
  },
  {
    name: 'no external issuer',
    set: ['global.certManager.externalIssuer.name='],
    key: 'global.certManager.externalIssuer.name',
    says: /partners trust/,
  },
  {
    name: 'nobody may change the policy',
    example: 'proxy-protocol',
    set: ['policy.config=null'],
    key: 'policy.config.access',
    says: /role: admin/,
  },
  {
    name: 'nobody may read the archive',
    example: 'proxy-protocol',
    set: ['archive.config=null'],
    key: 'archive.config.access',
    says: /role: replay/,
  },
  {
    name: 'no key of linked accounts',
    example: 'public-networks',
    set: ['publicImBridge.sealKey.existingSecret='],
    key: 'publicImBridge.sealKey.existingSecret',
    says: /\/dev\/urandom/,
  },
  {
    name: 'a bridge to nowhere',
    example: 'public-networks',
    set: ['publicImBridge.config=null'],
    key: 'publicImBridge.config.networks',
    says: /publicImBridge\.enabled: false/,
  },
  {
    name: 'a network on a port that no Service has',
    example: 'public-networks',
    set: ['publicImBridge.config.networks.xmpp.settings.listen.port=5299'],
    key: 'publicImBridge.service.ports',
    says: /targetPort: 5299/,
  },
  {
    name: 'an environment variable of ours',
    set: ['archive.extraEnv[0].name=POD_NAME', 'archive.extraEnv[0].value=a'],
    key: 'archive.extraEnv',
    says: /POD_NAME/,
  },
  {
    name: 'fewest above most',
    example: 'production',
    set: ['federationPeer.autoscaling.minReplicas=30'],
    key: 'federationPeer.autoscaling.minReplicas',
    says: /Swap them/,
  },
  {
    name: 'scaling by nothing',
    example: 'production',
    set: ['federationPeer.autoscaling.cpuPercent=0'],
    key: 'federationPeer.autoscaling',
    says: /cpuPercent/,
  },
  {
    name: 'KEDA without Prometheus',
    example: 'everything',
    set: ['federationPeer.autoscaling.keda.serverAddress='],
    key: 'federationPeer.autoscaling.keda.serverAddress',
    says: /Prometheus/,
  },
  {
    name: 'KEDA without scaling',
    set: ['federationPeer.autoscaling.keda.enabled=true'],
    key: 'federationPeer.autoscaling.keda.enabled',
    says: /Set both/,
  },
  {
    name: 'health on loopback',
    set: ['global.config.telemetry.health.address=127.0.0.1'],
    key: 'global.config.telemetry.health.address',
    says: /kubelet/,
  },
  {
    name: 'health on any port',
    set: ['global.config.telemetry.health.port=0'],
    key: 'global.config.telemetry.health.port',
    says: /choose one/,
  },
  {
    name: 'both monitors',
    example: 'everything',
    set: ['monitoring.podMonitor.enabled=true'],
    key: 'monitoring.serviceMonitor.enabled',
    says: /twice/,
  },
  {
    name: 'an alert that is not there',
    example: 'everything',
    set: ['monitoring.rules.alerts.GatehouseArchiveSlo.enabled=false'],
    key: 'monitoring.rules.alerts.GatehouseArchiveSlo',
    says: /There are: .*GatehouseArchiveSlow/,
  },
  {
    name: 'a message from nobody',
    example: 'everything',
    set: ['tests.message.from='],
    key: 'tests.message.from',
    says: /sender and a recipient/,
  },
  {
    name: 'nothing at all',
    example: 'perimeter-edge',
    set: ['federationPeer.enabled=false'],
    key: 'federationPeer.enabled',
    says: /at least one/,
  },
]

describe('wrong values', { skip: skipWithout('helm4', 'helm3') }, () => {
  for (const wrong of BY_SCHEMA) {
    it(`by schema: ${wrong.name}`, () => {
      const run = helmTemplate(wrong.example ?? 'small-trial', { set: wrong.set })
      assert.notEqual(run.status, 0)
      assert.match(run.err, /values don't meet the specifications of the schema/)
      assert.ok(run.err.includes(wrong.key), run.err)
      assert.match(run.err, wrong.says)
    })
  }

  for (const wrong of BY_CHECK) {
    it(`by check: ${wrong.name}`, () => {
      const run = helmTemplate(wrong.example ?? 'small-trial', { set: wrong.set })
      assert.notEqual(run.status, 0, 'accepted')
      assert.ok(run.err.includes(`  ${wrong.key}: `), run.err)
      assert.match(run.err, wrong.says)
      assert.match(run.err, /^ {4}-> /m)
    })
  }

  it('all at once: no values at all name everything that has to be set', () => {
    for (const helm of ['helm4', 'helm3'] as const) {
      const run = helmTemplate(undefined, { helm })
      assert.notEqual(run.status, 0)
      const keys = [...run.err.matchAll(/^ {2}([\w.[\]*]+): /gm)].map((match) => match[1])
      assert.ok(keys.length >= 15, run.err)
      assert.match(run.err, new RegExp(`These values do not work \\(${keys.length} of them\\)`))
    }
  })

  it('are refused at `helm install`, not only when rendered', () => {
    const run = runTool('helm4', ['install', 'gh', CHART, '--dry-run=client', '--set', 'archive.replica=2'])
    assert.notEqual(run.status, 0)
    assert.match(run.err, /'replica' not allowed/)
  })

  it('every refusal of the chart is in this table', () => {
    const text = readFileSync(join(CHART, 'templates/_problems.tpl'), 'utf8')
    const refusals = [...text.matchAll(/include "gatehouse\.problem" \(list \$problems (?:"([^"]+)"|\(printf "([^"]+)")/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    )
    assert.ok(refusals.length > 35)
    const pattern = (key: string): RegExp => new RegExp(`^${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%s', '[\\w-]+')}$`)
    const known = BY_CHECK.map(({ key }) => key)
    const untested = refusals.filter((key) => !known.some((each) => pattern(key).test(each)))
    assert.deepEqual([...new Set(untested)], ['monitoring.rules.enabled'], 'the last needs a chart without files/alerts.yaml')
  })
})
