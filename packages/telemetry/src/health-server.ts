import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { errorsOf } from '@gatehouse/errors'
import { telemetryCodes } from './errors.ts'
import type { MetricsRegistry } from './metrics.ts'

const telemetryError = errorsOf(telemetryCodes)

/** One thing that has to work. */
export interface HealthCheck {
  readonly name: string
  readonly isOk: boolean
  readonly detail: string
}

/** What a service says about itself. Live: do not restart it. Ready: send it traffic. */
export interface Health {
  readonly isLive: boolean
  readonly isReady: boolean
  readonly checks: readonly HealthCheck[]
}

export interface HealthServerOptions {
  /** Loopback unless the operator says otherwise: the answers name internal parts. */
  readonly address?: string
  /** 0: the system chooses. */
  readonly port: number
  readonly health: () => Health
  readonly metrics: MetricsRegistry
}

export interface HealthServer {
  readonly address: string
  readonly port: number
  stop(): Promise<void>
}

/** Serves `/healthz`, `/readyz` (200 or 503, JSON) and `/metrics` (Prometheus text, or OpenMetrics for whoever accepts it). Rejects with GH-TELEMETRY-LISTEN. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    answer(request, response, options).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  server.maxConnections = 64
  const wanted = options.address ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(telemetryError('GH-TELEMETRY-LISTEN', `${wanted}:${options.port}: ${cause.message}`, { cause })))
    server.listen(options.port, wanted, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  return {
    address: wanted,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HealthServerOptions): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  const path = (request.url ?? '').split('?')[0]
  if (path === '/metrics') {
    await answerMetrics(request, response, options.metrics)
    return
  }
  if (path !== '/healthz' && path !== '/readyz') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('/healthz, /readyz or /metrics\n')
    return
  }
  const health = options.health()
  const isGood = path === '/healthz' ? health.isLive : health.isReady
  response.writeHead(isGood ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(health)}\n`)
}

/** Prometheus asks for OpenMetrics first where it stores exemplars, and names the older format as well. */
async function answerMetrics(request: IncomingMessage, response: ServerResponse, metrics: MetricsRegistry): Promise<void> {
  const isOpenMetrics = (request.headers.accept ?? '').includes('application/openmetrics-text')
  const type = isOpenMetrics ? 'application/openmetrics-text; version=1.0.0; charset=utf-8' : 'text/plain; version=0.0.4; charset=utf-8'
  const text = isOpenMetrics ? await metrics.openMetricsText() : await metrics.text()
  response.writeHead(200, { 'content-type': type, vary: 'accept' }).end(text)
}

/** Several services in one process speak as one: live and ready when all are; checks keep their service's name. */
export function combineHealth(parts: readonly { readonly service: string; readonly health: Health }[]): Health {
  return {
    isLive: parts.every((part) => part.health.isLive),
    isReady: parts.every((part) => part.health.isReady),
    checks: parts.flatMap((part) => part.health.checks.map((check) => ({ ...check, name: `${part.service}/${check.name}` }))),
  }
}
