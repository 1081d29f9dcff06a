import { type Bus, type BusMessage, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { batchTracesOf, type Span, type Tracer } from '@gatehouse/telemetry'
import type { Committer } from '../commit/committer.ts'

/** Serves `gh.v1.archive.append`: one promise per batch, none per record. */
export function serveAppend(
  bus: Bus,
  committer: Committer,
  onAnswered: (reply: Uint8Array, startedMs: number, spans: readonly Span[]) => void,
  tracer: Tracer,
): Promise<BusSubscription> {
  const { name, queue } = busSubjects.archiveAppend
  return bus.serve(name, queue, (message) => {
    const startedMs = performance.now()
    const spans = beginCommits(tracer, message.headers)
    return new Promise((resolve) => {
      committer.append(message.data, (reply) => {
        onAnswered(reply, startedMs, spans)
        resolve(reply)
      })
    })
  })
}

/**
 * A batch may hold several messages that are followed: each has the commit in its own trace, where people look for it, and the commits are
 * linked with each other, for they are one.
 */
function beginCommits(tracer: Tracer, headers: BusMessage['headers']): readonly Span[] {
  if (headers === undefined) return NOBODY
  const spans: Span[] = []
  for (const trace of batchTracesOf(headers)) {
    const span = tracer.resume(trace, 'archive.commit', 'consumer', { 'messaging.operation.type': 'process' })
    if (span === undefined) continue
    for (const other of spans) span.link(other.context)
    spans.push(span)
  }
  return spans
}

const NOBODY: readonly Span[] = []
