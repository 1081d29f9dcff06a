import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CollectedSpans, spanTree } from '../testing/mod.ts'
import { Sampler } from './sampler.ts'
import { formatTraceparent, parseTraceparent } from './trace-context.ts'
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

  it('makes facts that can wait when the span is sent, in the order in which they were told', async () => {
    const collected = new CollectedSpans()
    const span = collected.tracer().begin('x', 'server')!
    let made = 0
    span.set({ first: 'early', kept: 1, none: undefined })
    span.set(() => {
      made++
      return { first: 'late', long: 'x'.repeat(10_000), none: undefined }
    })
    span.end()
    assert.equal(made, 0)
    const [seen] = await collected.all()
    assert.equal(made, 1)
    assert.deepEqual(seen?.facts, { first: 'late', kept: 1, long: 'x'.repeat(256) })
    await collected.stop()
  })

  it('ends a span once, and never before it began', async () => {
    const collected = new CollectedSpans()
    const span = collected.tracer().begin('x', 'server')!
    span.end(Date.now() - 60_000)
    span.end()
    const spans = await collected.all()
    assert.equal(spans.length, 1)
    assert.equal(spans[0]?.startMs, spans[0]?.endMs)
    assert.ok(Math.abs((spans[0]?.startMs ?? 0) - Date.now()) < 10_000)
    await collected.stop()
  })

  it('gives every trace and span an id of its own, of the form that W3C has', async () => {
    const collected = new CollectedSpans()
    const tracer = collected.tracer()
    const contexts = Array.from({ length: 1_000 }, () => tracer.begin('x', 'server')!.context)
    assert.equal(new Set(contexts.map(({ traceId }) => traceId)).size, 1_000)
    assert.equal(new Set(contexts.map(({ spanId }) => spanId)).size, 1_000)
    for (const context of contexts) assert.deepEqual(parseTraceparent(formatTraceparent(context)), context)
    await collected.stop()
  })

  it('keeps the first links of a span that is told of very many', async () => {
    const collected = new CollectedSpans()
    const tracer = collected.tracer()
    const span = tracer.begin('x', 'server')!
    const others = Array.from({ length: 100 }, () => tracer.begin('y', 'server')!.context)
    for (const other of others) span.link(other)
    span.end()
    const [seen] = await collected.all()
    assert.deepEqual(
      seen?.links.map(({ spanId }) => spanId),
      others.slice(0, 32).map(({ spanId }) => spanId),
    )
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
