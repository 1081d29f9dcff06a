import type { TraceContext } from './trace-context.ts'

/** `server`: somebody asks us; `client`: we ask; `consumer`, `producer`: the same over the bus; `internal`: a stage of our own. */
export type SpanKind = 'server' | 'client' | 'consumer' | 'producer' | 'internal'

/** Facts about a span. Never a body, a raw message or an address that was not hashed. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | undefined>>

/** Facts that are made when the span is sent, not while its message passes. What they are made of must not change until then. */
export type LateFacts = () => SpanFacts

/** One stage of a message that is followed. Messages that are not have no span at all: `span?.end()` is all their code does. */
export interface Span {
  readonly context: TraceContext
  /** A stage within this one. */
  child(name: string, kind?: SpanKind, facts?: SpanFacts): Span
  set(facts: SpanFacts | LateFacts): void
  /** Something that has to do with it and is no part of it. */
  link(context: TraceContext, facts?: SpanFacts): void
  /** It went wrong. `errorType`: our code, or another word of a bounded set. */
  fail(errorType: string): void
  /** Once; now, or at a time in milliseconds since the epoch. */
  end(atMs?: number): void
}

/** Where a service says what its messages go through. */
export interface Tracer {
  /**
   * A message comes in from outside the services: decides, once and for all services, whether it is followed. Undefined: it is not.
   */
  begin(name: string, kind: SpanKind): Span | undefined
  /** Goes on with what another service began. Undefined: not followed there, so not here either. */
  resume(context: TraceContext | undefined, name: string, kind: SpanKind, facts?: SpanFacts): Span | undefined
  /** A message that is not followed came to a bad end: one span of it after the fact. Undefined: not wanted, or too many by now. */
  beginFailed(name: string, kind: SpanKind, startedAtMs: number): Span | undefined
  /** How an address stands in facts: its user part hashed, as in the log, unless the operator says otherwise. */
  address(address: string): string
  /** The same for a Call-ID or another conversation's id, which may hold names of hosts and people: hashed as a whole. */
  conversation(id: string): string
}

/** Follows nothing: for services that were given no tracer. */
export const silentTracer: Tracer = {
  begin: () => undefined,
  resume: () => undefined,
  beginFailed: () => undefined,
  address: () => '',
  conversation: () => '',
}

/** What a log line about a message says so that it is found from the trace, and the other way round. */
export function traceFacts(span: Span | undefined): { readonly trace_id?: string; readonly span_id?: string } {
  return span === undefined ? NO_FACTS : { trace_id: span.context.traceId, span_id: span.context.spanId }
}

const NO_FACTS = {}
