import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SeenSpan } from '@gatehouse/telemetry/test'

interface Value {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
}

interface Attribute {
  readonly key: string
  readonly value: Value
}

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly Attribute[]
  readonly status?: { readonly code?: number }
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const ERROR_STATUS = 2
const WAIT_MS = 15_000

/** Takes OTLP over HTTP (JSON) on loopback, from as many processes as there are, and keeps what they say. */
export class OtlpCollector {
  readonly spans: SeenSpan[] = []
  /** Every request as it came, metrics too. */
  readonly texts: string[] = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#take(request).then(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
        () => response.writeHead(400).end(),
      )
    })
  }

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector()
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve))
    return collector
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** All spans of the trace of which one fits, once `isWhole` says that they are all there; processes send theirs at times of their own. */
  async whenWhole(fits: (span: SeenSpan) => boolean, isWhole: (spans: readonly SeenSpan[]) => boolean): Promise<readonly SeenSpan[]> {
    const deadline = performance.now() + WAIT_MS
    for (;;) {
      const found = this.spans.find(fits)
      const spans = found === undefined ? [] : this.spans.filter(({ traceId }) => traceId === found.traceId)
      if (found !== undefined && isWhole(spans)) return spans
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`the trace is not whole: ${spans.map(({ name, service }) => `${service}: ${name}`).join(', ')}`)
      await this.#more(leftMs)
    }
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #more(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#waiting.add(done)
    })
  }

  async #take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    this.texts.push(text)
    if (request.url === '/v1/traces') this.spans.push(...readSpans(JSON.parse(text) as OtlpTraces))
    for (const wake of [...this.#waiting]) wake()
  }
}

function readSpans({ resourceSpans }: OtlpTraces): SeenSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(factsOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => seenSpan(span, service)))
  })
}

function seenSpan(span: OtlpSpan, service: string): SeenSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentSpanId ?? '',
    name: span.name,
    kind: KINDS[span.kind] ?? 'unspecified',
    service,
    startMs: Number(BigInt(span.startTimeUnixNano) / 1_000n) / 1_000,
    endMs: Number(BigInt(span.endTimeUnixNano) / 1_000n) / 1_000,
    facts: factsOf(span.attributes ?? []),
    isError: span.status?.code === ERROR_STATUS,
    links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
  }
}

function factsOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue]),
  )
}
