/** A span as whoever receives it sees it; made of what the SDK exports, or of OTLP. */
export interface SeenSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty: none. */
  readonly parentId: string
  readonly name: string
  readonly kind: string
  /** `service.name`. */
  readonly service: string
  readonly startMs: number
  readonly endMs: number
  readonly facts: Readonly<Record<string, unknown>>
  readonly isError: boolean
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
}
