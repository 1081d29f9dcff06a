import { formatTraceparent, parseTraceparent, TRACEPARENT, type TraceContext } from './trace-context.ts'

/** Further messages of a batch that are followed; the first one is in `traceparent`. */
const BATCH_HEADER = 'gatehouse-traceparents'
/** Of one batch so many messages are followed at most: a header is no place for a thousand. */
const MOST_IN_BATCH = 16

type Headers = Readonly<Record<string, string>>

/** Headers that carry the context to the next service; undefined: not followed, so no headers at all. */
export function traceHeaders(context: TraceContext | undefined): Headers | undefined {
  return context === undefined ? undefined : { [TRACEPARENT]: formatTraceparent(context) }
}

/** What a service of ours sent along; undefined: the message is not followed. */
export function traceOf(headers: Headers | undefined): TraceContext | undefined {
  if (headers === undefined) return undefined
  const context = parseTraceparent(headers[TRACEPARENT])
  return context?.isSampled === true ? context : undefined
}

/** The same for a batch that carries several messages of which some are followed. */
export function batchTraceHeaders(contexts: readonly TraceContext[]): Headers | undefined {
  const [first, ...others] = contexts.slice(0, MOST_IN_BATCH)
  if (first === undefined || others.length === 0) return traceHeaders(first)
  return { ...traceHeaders(first), [BATCH_HEADER]: others.map(formatTraceparent).join(',') }
}

export function batchTracesOf(headers: Headers | undefined): readonly TraceContext[] {
  const first = traceOf(headers)
  if (first === undefined) return NONE
  const others = headers?.[BATCH_HEADER]
  if (others === undefined) return [first]
  // The limit keeps a header that somebody else made from costing more than one of ours.
  const parsed = others.split(',', MOST_IN_BATCH - 1).map(parseTraceparent)
  return [first, ...parsed.filter((context): context is TraceContext => context?.isSampled === true)]
}

const NONE: readonly TraceContext[] = []
