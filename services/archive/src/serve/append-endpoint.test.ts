import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BusReply, busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { batchTraceHeaders, type TraceContext } from '@gatehouse/telemetry'
import { CollectedSpans } from '@gatehouse/telemetry/test'
import type { Committer } from '../commit/committer.ts'
import { serveAppend } from './append-endpoint.ts'

const trace = (digit: string): TraceContext => ({ traceId: digit.repeat(32), spanId: digit.repeat(16), isSampled: true })

describe('a batch of records', () => {
  it('has its commit in the trace of each message in it that is followed, linked with each other', async () => {
    const collected = new CollectedSpans()
    const bus = createEmbeddedBus()
    const committer = { append: (_request: Uint8Array, onReply: (reply: Uint8Array) => void) => onReply(new Uint8Array()) }
    const onAnswered = (_reply: Uint8Array, _startedMs: number, spans: readonly { end(): void }[]): void => {
      for (const span of spans) span.end()
    }
    const served = await serveAppend(bus, committer as Committer, onAnswered, collected.tracer('archive'))
    const append = (headers: Readonly<Record<string, string>> | undefined): Promise<BusReply> =>
      new Promise((resolve) => bus.request(busSubjects.archiveAppend.name, new Uint8Array(), 1_000, resolve, headers))
    await append(undefined)
    await append(batchTraceHeaders([trace('1'), trace('2')]))
    const spans = await collected.all()
    assert.deepEqual(
      spans.map(({ name, traceId, parentId, links }) => [name, traceId[0], parentId[0], links.length]),
      [
        ['archive.commit', '1', '1', 0],
        ['archive.commit', '2', '2', 1],
      ],
    )
    assert.equal(spans[1]?.links[0]?.traceId, spans[0]?.traceId)
    await served.stop()
    await bus.close(0)
    await collected.stop()
  })
})
