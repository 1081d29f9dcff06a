import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CollectedSpans, spanTree } from '../testing/mod.ts'
import { Sampler } from './sampler.ts'
import { parseTraceparent } from './trace-context.ts'
import { silentTracer, traceFacts } from './tracer.ts'

describe('Sampler', () => {
  it('draws the part that it is told, all and none for certain', () => {
    let seed = 1
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const drawn = (ratio: number): number => {
      const sampler = new Sampler({ ratio, failuresPerSecond: 0 }, { random, nowMs: () => 0 })
      return Array.from({ length: 10_000 }, () => sampler.isDrawn()).filter(Boolean).length
    }
    assert.equal(drawn(0), 0)
    assert.equal(drawn(1), 10_000)
    const some = drawn(0.01)
    assert.ok(some > 60 && some < 140, String(some))
  })

  it('tells of failures, and of a flood of them only some', () => {
    let nowMs = 0
    const sampler = new Sampler({ ratio: 0, failuresPerSecond: 3 }, { random: Math.random, nowMs: () => nowMs })
    const wanted = (): number => Array.from({ length: 100 }, () => sampler.isFailureWanted()).filter(Boolean).length
    assert.equal(wanted(), 3)
    nowMs = 999
    assert.equal(wanted(), 0)
    nowMs = 1_000
    assert.equal(wanted(), 3)
    assert.equal(new Sampler({ ratio: 1, failuresPerSecond: 0 }, { random: Math.random, nowMs: () => 0 }).isFailureWanted(), false)
  })
})

describe('Tracing', () => {
  it('makes one tree of what several services say', async () => {
    const collected = new CollectedSpans()
    const edge = collected.tracer('federation-peer')
    const bridge = collected.tracer('public-im-bridge')
    const message = edge.begin('MESSAGE internal', 'server')!
    message.child('decide').end()
    const deliver = message.child('send gh.v1.deliver.xmpp', 'producer')
    const taken = bridge.resume(deliver.context, 'process gh.v1.deliver.xmpp', 'consumer')!
    taken.fail('GH-BRIDGE-BUSY')
    taken.end()
    deliver.end()
    message.set({ 'gatehouse.code': 'GH-X', 'sip.response.status_code': 200 })
    message.end()
    const spans = await collected.all()
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
    const text = spanTree(spans, { isTimeless: true, facts: ['gatehouse.code', 'error.type'] })
    assert.deepEqual(
      text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' ')),
      [
        'MESSAGE internal federation-peer gatehouse.code=GH-X',
        '├─ decide federation-peer',
        '└─ send gh.v1.deliver.xmpp federation-peer',
        ' └─ process gh.v1.deliver.xmpp public-im-bridge ERROR error.type=GH-BRIDGE-BUSY',
      ],
    )
    await collected.stop()
  })

  it('decides once: who is asked to go on with what is not followed does not', async () => {
    const collected = new CollectedSpans({ ratio: 0 })
    const tracer = collected.tracer()
    assert.equal(tracer.begin('x', 'server'), undefined)
    assert.equal(tracer.resume(undefined, 'x', 'consumer'), undefined)
    const unsampled = parseTraceparent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00')
    assert.equal(tracer.resume(unsampled, 'x', 'consumer'), undefined)
    assert.equal(tracer.beginFailed('x', 'server', Date.now()), undefined)
    assert.deepEqual(await collected.all(), [])
    await collected.stop()
  })

  it('cuts long texts', async () => {
    const collected = new CollectedSpans()
    const span = collected.tracer().begin('x', 'server')!
    span.set({ long: 'x'.repeat(10_000) })
    span.end()
    assert.equal(String((await collected.all())[0]?.facts['long']).length, 256)
    await collected.stop()
  })

  it('tells of a failed message after the fact, with its time', async () => {
    const collected = new CollectedSpans({ ratio: 0, failuresPerSecond: 1 })
    const startedAtMs = Date.now() - 500
    const span = collected.tracer().beginFailed('MESSAGE external', 'server', startedAtMs)!
    span.fail('GH-PEER-NO-ANSWER')
    span.end(startedAtMs + 400)
    const [seen] = await collected.all()
    assert.equal(Math.round((seen?.endMs ?? 0) - (seen?.startMs ?? 0)), 400)
    assert.equal(seen?.isError, true)
    await collected.stop()
  })

  it('gives log lines the ids of their span, and nothing without one', () => {
    assert.deepEqual(traceFacts(silentTracer.begin('x', 'server')), {})
    const span = new CollectedSpans().tracer().begin('x', 'server')!
    assert.deepEqual(traceFacts(span), { trace_id: span.context.traceId, span_id: span.context.spanId })
  })
})
