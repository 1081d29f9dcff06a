import { type Span, type SpanFacts, type TraceContext, type Tracer, traceHeaders, traceOf } from '@gatehouse/telemetry'
import { Metadata } from '@grpc/grpc-js'

const TRACEPARENT = 'traceparent'

/** One call as the tracing of its caller sees it. Without a span all of it is nothing. */
export class CallTrace {
  readonly metadata: Metadata = new Metadata()
  readonly #span: Span | undefined

  /** `path`: `/package.Service/Method`. */
  constructor(within: Span | undefined, path: string) {
    this.#span = within?.child(path.slice(1), 'client', factsOf(path.slice(1)))
    const headers = traceHeaders(this.#span?.context)
    if (headers !== undefined) this.metadata.set(TRACEPARENT, headers[TRACEPARENT] as string)
  }

  /** `code`: ours, of a call that failed. */
  end(code?: string): void {
    if (code !== undefined) this.#span?.fail(code)
    this.#span?.end()
  }
}

/** Goes on with what the caller follows; callers are services and operators of ours, whose certificate was checked. */
export function beginServing(tracer: Tracer, label: string, trace: TraceContext | undefined): Span | undefined {
  return trace === undefined ? undefined : tracer.resume(trace, label, 'server', factsOf(label))
}

export function callerTrace(metadata: Metadata): TraceContext | undefined {
  const given = metadata.get(TRACEPARENT)[0]
  return typeof given === 'string' ? traceOf({ [TRACEPARENT]: given }) : undefined
}

// The names of OpenTelemetry's RPC conventions (release candidate).
function factsOf(method: string): SpanFacts {
  return { 'rpc.system.name': 'grpc', 'rpc.method': method }
}
