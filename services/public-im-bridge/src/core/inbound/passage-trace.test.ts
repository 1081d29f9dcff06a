import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CollectedSpans, type SeenSpan, spanTree } from '@gatehouse/telemetry/test'
import { BridgeRig } from '../../testing/bridge-rig.ts'

const ALICE = { user: 'alice', domain: 'contoso.example' }
const CANARY = 'zq-canary-7431'
const THEIRS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isSampled: true } as const

function treeOf(spans: readonly SeenSpan[]): string[] {
  return spanTree(spans, { isTimeless: true })
    .split('\n')
    .map((line) => line.trimEnd().replace(/ +test$/, ''))
}

/** Traces that stand as examples in a histogram. */
async function examplesIn(rig: BridgeRig, histogram: string): Promise<(string | undefined)[]> {
  const lines = (await rig.metrics.openMetricsText()).split('\n').filter((line) => line.startsWith(`${histogram}_bucket`))
  return lines.flatMap((line) => (line.includes('trace_id') ? [/trace_id="([0-9a-f]{32})"/.exec(line)?.[1]] : []))
}

describe('a message from a network that is followed', () => {
  it('is one tree of its stages, without its text and with hashed addresses', async () => {
    const collected = new CollectedSpans()
    const rig = await new BridgeRig({ tracer: collected.tracer() }).start()
    const outcome = await rig.network.say('bob', ALICE, CANARY)
    assert.equal(outcome.status, 'delivered')
    const spans = await collected.all()
    assert.deepEqual(treeOf(spans), ['message loopback external', '├─ decide', '├─ archive.append', '└─ send gh.v1.deliver.sip'])
    const all = JSON.stringify(spans)
    for (const word of ['alice', 'bob', CANARY]) assert.ok(!all.includes(word), `${word} in ${all}`)
    const sent = spans.find(({ name }) => name === 'send gh.v1.deliver.sip')
    assert.deepEqual(rig.inside[0]?.trace, { traceId: sent?.traceId, spanId: sent?.spanId, isSampled: true })
    assert.deepEqual(await examplesIn(rig, 'gatehouse_bridge_receive_duration_seconds'), [sent?.traceId])
    await rig.stop()
  })

  it('that fails says so, also when it was not drawn and that is wanted', async () => {
    for (const [ratio, names] of [
      [1, ['decide', 'archive.append', 'message loopback external']],
      [0, ['message loopback external']],
    ] as const) {
      const collected = new CollectedSpans({ ratio, failuresPerSecond: 1 })
      const rig = await new BridgeRig({ tracer: collected.tracer() }).start()
      rig.archiveRefuses = 'GH-ARCHIVE-STORE'
      await rig.network.say('bob', ALICE, 'hello')
      const spans = await collected.all()
      assert.deepEqual(
        spans.map(({ name }) => name),
        names,
      )
      assert.deepEqual([spans.at(-1)?.isError, spans.at(-1)?.facts['error.type']], [true, 'GH-BRIDGE-ARCHIVE-AWAY'])
      await rig.stop()
    }
  })
})

describe('a delivery to a network', () => {
  it('goes on with the trace it came with', async () => {
    const collected = new CollectedSpans()
    const rig = await new BridgeRig({ tracer: collected.tracer() }).start()
    assert.equal((await rig.send(CANARY, { trace: THEIRS })).status, 'delivered')
    const spans = await collected.all()
    assert.deepEqual(treeOf(spans), ['process gh.v1.deliver.loopback', '└─ send loopback'])
    assert.ok(spans.every(({ traceId }) => traceId === THEIRS.traceId))
    assert.equal(spans.find(({ name }) => name.startsWith('process'))?.parentId, THEIRS.spanId)
    assert.ok(!JSON.stringify(spans).includes(CANARY))
    assert.deepEqual(await examplesIn(rig, 'gatehouse_bridge_send_duration_seconds'), [THEIRS.traceId])
    await rig.stop()
  })

  it('is not followed when nobody follows it, whatever the ratio here', async () => {
    const collected = new CollectedSpans({ ratio: 1 })
    const rig = await new BridgeRig({ tracer: collected.tracer() }).start()
    await rig.send('hello')
    assert.deepEqual([await collected.all(), await examplesIn(rig, 'gatehouse_bridge_send_duration_seconds')], [[], []])
    await rig.stop()
  })
})
