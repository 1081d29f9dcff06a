import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JetStreamStatus, requireSyncAlways } from './nats-sync-check.ts'

const synced = (id: string, clusterSize?: number): JetStreamStatus => ({
  server_id: id,
  config: { sync_always: true },
  ...(clusterSize === undefined ? {} : { meta_cluster: { cluster_size: clusterSize } }),
})

function check(statuses: Readonly<Record<string, JetStreamStatus>>, connectedTo: string): Promise<void> {
  return requireSyncAlways(Object.keys(statuses), connectedTo, async (url) => statuses[url]!)
}

test('one server, or all of a cluster, that write before they acknowledge', async () => {
  await check({ 'http://a': synced('A') }, 'A')
  await check({ 'http://a': synced('A', 3), 'http://b': synced('B', 3), 'http://c': synced('C', 3) }, 'B')
})

test('refused: at intervals, not all of the cluster, another server, no address, no answer', async () => {
  const code = 'GH-BUS-NOT-SYNCED'
  await assert.rejects(check({ 'http://a': { server_id: 'A', config: {} } }, 'A'), { code, message: /http:\/\/a syncs at intervals/ })
  await assert.rejects(check({ 'http://a': synced('A', 3), 'http://b': synced('B', 3) }, 'A'), { code, message: /2 of 3/ })
  await assert.rejects(check({ 'http://a': synced('A') }, 'X'), { code, message: /not behind/ })
  await assert.rejects(requireSyncAlways([], 'A'), { code })
  await assert.rejects(
    requireSyncAlways(['http://a'], 'A', async () => {
      throw new Error('connection refused')
    }),
    { code, message: /connection refused/ },
  )
})
