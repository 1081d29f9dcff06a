import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { readArchivedLog } from '../chaos/archive-records.ts'
import { ChaosSender } from '../chaos/chaos-sender.ts'
import { checkPromises, isAcknowledged } from '../chaos/check-promises.ts'
import { Ledger } from '../chaos/ledger.ts'
import { runCli } from '../chaos/rig.ts'
import { names, type Sites, sitesPolicy, startSites } from '../chaos/sites.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { skipWithoutPostgres, startPostgres } from '../peers-kit/postgres.ts'
import { planReplicas, type RollingReplica } from './rolling-rig.ts'
import { TcpBalancer } from './tcp-balancer.ts'

const SENDERS_PER_SIDE = 3
const MESSAGES_PER_SECOND = 60

async function startReplicas(rack: PeerRack, sites: Sites): Promise<RollingReplica[]> {
  const nats = rack.add(await startNats(rack.path('nats')))
  // the server runs as a user of its own
  chmodSync(rack.folder, 0o711)
  mkdirSync(rack.path('database'))
  chmodSync(rack.path('database'), 0o777)
  const postgres = rack.add(await startPostgres(rack.path('database')))
  const replicas = await planReplicas(rack, {
    sites,
    natsServer: nats.server,
    policyDatabase: await postgres.makeDatabase('policy'),
    archiveDatabase: await postgres.makeDatabase('archive'),
  })
  // The first of a service makes the keys that the others share.
  for (const replica of replicas) if (replica.service !== 'federation-peer') await replica.start()
  const policy = rack.path('policy.yaml')
  writeFileSync(policy, sitesPolicy(sites))
  const socket = replicas.find((replica) => replica.service === 'policy')?.controlSocket
  const applied = await runCli(rack, 'apply', '-f', policy, '--connect', `unix:${socket}`)
  assert.equal(applied.status, 0, applied.output)
  for (const replica of replicas) if (replica.service === 'federation-peer') await replica.start()
  return replicas
}

function makeSenders(sites: Sites, ledger: Ledger, external: number, internal: number): ChaosSender[] {
  const common = { caPem: sites.caPem, messagesPerSecond: MESSAGES_PER_SECOND / SENDERS_PER_SIDE, hasFailover: true }
  return Array.from({ length: SENDERS_PER_SIDE }, (_, index) => [
    new ChaosSender(
      {
        ...common,
        name: `in${index}`,
        from: `user${index}@fabrikam.example`,
        to: `user${index}@contoso.example`,
        host: names.partner,
        certificate: sites.partnerCertificate,
        servername: names.external,
        ports: [external],
      },
      ledger,
    ),
    new ChaosSender(
      {
        ...common,
        name: `out${index}`,
        from: `user${index}@contoso.example`,
        to: `user${index}@fabrikam.example`,
        host: names.home,
        certificate: sites.homeCertificate,
        servername: names.internal,
        ports: [internal],
      },
      ledger,
    ),
  ]).flat()
}

/** Resolves when every sender has got a success for a message sent from now on: load flows everywhere. */
async function everybodyPasses(senders: readonly ChaosSender[]): Promise<void> {
  const sinceMs = performance.now()
  while (!senders.every((sender) => sender.passedMs > sinceMs)) {
    assert.ok(performance.now() - sinceMs < 30_000, 'messages do not pass')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test(
  'every service is restarted, replica by replica, under load: nothing fails, nothing is lost, nothing comes twice',
  { skip: skipWithout('nats-server') || skipWithoutPostgres() },
  withRack('rolling', async (rack, t) => {
    const ledger = new Ledger()
    const sites = await startSites(rack, ledger)
    const replicas = await startReplicas(rack, sites)
    const edges = replicas.filter((replica) => replica.service === 'federation-peer')
    const external = rack.add(new TcpBalancer(edges))
    const internal = rack.add(new TcpBalancer(edges.map(({ internalPort, healthPort }) => ({ port: internalPort, healthPort }))))
    const senders = makeSenders(sites, ledger, await external.start(), await internal.start())
    rack.onStop(() => {
      for (const sender of senders) sender.stop()
    })
    for (const sender of senders) sender.start()
    await everybodyPasses(senders)

    for (const replica of replicas) {
      await rack.step(t, `${replica.name} is restarted`, async () => {
        assert.equal(await replica.restart(), 0)
        await everybodyPasses(senders)
      })
    }

    for (const sender of senders) sender.finish()
    while (!senders.every((sender) => sender.isSettled)) await new Promise((resolve) => setTimeout(resolve, 20))
    const messages = [...ledger.messages.values()]
    const again = messages.filter((message) => message.attempts.length > 1).length
    const ready = replicas.map(({ name, readyAfterMs }) => `${name} ${(readyAfterMs / 1000).toFixed(1)} s`).join(', ')
    t.diagnostic(`${messages.length} messages, ${again} sent again to another replica; start to ready: ${ready}`)

    await rack.step(t, 'every message succeeded', async () => {
      const failed = messages.filter((message) => !isAcknowledged(message))
      assert.deepEqual(failed, [])
    })
    await rack.step(t, 'every message was delivered once and recorded once', async () => {
      assert.deepEqual(
        messages.filter((message) => message.deliveries !== 1),
        [],
      )
      const file = rack.path('export.jsonl')
      const socket = replicas.find((replica) => replica.service === 'archive')?.controlSocket
      const exported = await runCli(rack, 'archive', 'export', '-o', file, '--connect', `unix:${socket}`)
      assert.equal(exported.status, 0, exported.output)
      for (const verdict of checkPromises(ledger, await readArchivedLog(file), 'acknowledged'))
        assert.equal(verdict.broken, 0, JSON.stringify(verdict))
    })
  }),
)
