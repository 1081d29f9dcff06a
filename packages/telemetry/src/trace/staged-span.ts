import type { LateFacts, Span, SpanFacts, SpanKind } from './tracer.ts'

/** One message that is followed: a span for its whole stay, and one for the stage that it is in. Stages come one after the other. */
export class StagedSpan {
  readonly span: Span
  #stage: Span | undefined

  constructor(span: Span, firstStage: string) {
    this.span = span
    this.#stage = span.child(firstStage)
  }

  /** Of the stage that it is in: what other services go on from. */
  get stage(): Span {
    return this.#stage ?? this.span
  }

  /** The stage that it is in ends, and another begins. */
  next(name: string, kind: SpanKind = 'internal', facts?: SpanFacts): Span {
    this.#stage?.end()
    this.#stage = this.span.child(name, kind, facts)
    return this.#stage
  }

  /** The stage that it is in ends. */
  leave(): void {
    this.#stage?.end()
    this.#stage = undefined
  }

  /** Its stay ends. `failure`: what went wrong, in the stage that it is in. */
  end(facts: SpanFacts | LateFacts, failure: string | undefined): void {
    if (failure !== undefined) this.#stage?.fail(failure)
    this.leave()
    if (failure !== undefined) this.span.fail(failure)
    this.span.set(facts)
    this.span.end()
  }
}
