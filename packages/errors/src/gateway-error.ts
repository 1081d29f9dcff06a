/** Whether trying again can help. */
export type Retry = 'never' | 'later' | 'elsewhere'

/** One line of a code table: a code is never reused for something else. */
export interface CodeEntry {
  /** What happened, one sentence. */
  readonly summary: string
  /** What the reader can do about it, one sentence. */
  readonly remedy: string
  readonly retry: Retry
  /** SIP status answered for it, where one is. */
  readonly sip?: number
  /** Who asks may not do this: gRPC answers PERMISSION_DENIED. */
  readonly refusesCaller?: true
  /** `ms-diagnostics` id sent inside, where one fits. */
  readonly diagnostics?: number
}

export type CodeTable = Readonly<Record<string, CodeEntry>>

/** A broken promise: something that should have worked did not. Expected outcomes are return values instead. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: string
  readonly retry: Retry
  readonly remedy: string
  /** Whoever asked may not do this. */
  readonly refusesCaller: boolean
  /** False when the far side may have acted on the request all the same. */
  readonly isCertain: boolean
  /** Facts for logs; no secrets, no bodies. */
  readonly facts: Readonly<Record<string, string | number | boolean>>

  constructor(
    code: string,
    entry: CodeEntry,
    detail: string,
    options: { cause?: unknown; isCertain?: boolean; facts?: Record<string, string | number | boolean> } = {},
  ) {
    super(detail === '' ? entry.summary : `${entry.summary} ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retry = entry.retry
    this.remedy = entry.remedy
    this.refusesCaller = entry.refusesCaller === true
    this.isCertain = options.isCertain ?? true
    this.facts = options.facts ?? {}
  }
}

/** Binds a package's code table to a constructor that only accepts its codes. */
export function errorsOf<T extends CodeTable>(
  table: T,
): (
  code: keyof T & string,
  detail?: string,
  options?: { cause?: unknown; isCertain?: boolean; facts?: Record<string, string | number | boolean> },
) => GatewayError {
  return (code, detail = '', options = {}) => new GatewayError(code, table[code] as CodeEntry, detail, options)
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
