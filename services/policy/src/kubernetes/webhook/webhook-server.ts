import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { messageOf } from '@gatehouse/errors'
import type { Logger } from '@gatehouse/telemetry'
import { kubernetesError } from '../kubernetes-codes.ts'
import { type CertificatePair, readCertificatePair } from './certificate-files.ts'
import { type Review, type ReviewAnswer, readReview, reviewResponse } from './review-object.ts'

export interface WebhookServerDeps {
  readonly address: string
  readonly port: number
  readonly certFile: string
  readonly keyFile: string
  readonly review: (review: Review, signal: AbortSignal) => Promise<ReviewAnswer>
  readonly log: Logger
  readonly every: (ms: number, run: () => void) => () => void
}

export const WEBHOOK_PATH = '/validate'
/** A request holds the object as it is to be and as it was, each up to 3 MiB at the API server. */
const MAX_BODY_BYTES = 8 * 1_048_576
/** An API server waits ten seconds by default, thirty at most. */
const REQUEST_TIMEOUT_MS = 10_000
/** Several API servers, each with several connections. */
const MAX_CONNECTIONS = 128
/** Each may hold a body and a policy at once. */
const MAX_AT_ONCE = 16
const CERTIFICATE_CHECK_MS = 5_000

/**
 * The HTTPS endpoint that API servers ask before they store a policy object. It decides nothing by itself and changes nothing: whoever
 * can reach it learns what the check says, and no more.
 */
export class WebhookServer {
  readonly #deps: WebhookServerDeps
  #server: Server | undefined
  #pair: CertificatePair | undefined
  #problem: string | undefined
  #stopChecks: (() => void) | undefined
  #atOnce = 0

  constructor(deps: WebhookServerDeps) {
    this.#deps = deps
  }

  /** What is wrong with the certificate on disk, while the one before is shown. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** The port. Rejects with GH-KUBERNETES-FILE or -LISTEN. */
  async start(): Promise<number> {
    const { address, port, certFile, keyFile, every } = this.#deps
    this.#pair = readCertificatePair(certFile, keyFile)
    const server = createServer(
      {
        ...this.#pair,
        minVersion: 'TLSv1.2',
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        maxHeaderSize: 16_384,
      },
      (request, response) => void this.#answer(request, response),
    )
    server.maxConnections = MAX_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(kubernetesError('GH-KUBERNETES-LISTEN', `${address}:${port}: ${cause.message}`, { cause })))
      server.listen(port, address, resolve)
    })
    server.on('error', (thrown) => this.#deps.log.warn({ detail: thrown.message }, 'the admission webhook'))
    this.#server = server
    this.#stopChecks = every(CERTIFICATE_CHECK_MS, () => this.#reloadCertificate())
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : port
  }

  async stop(): Promise<void> {
    this.#stopChecks?.()
    const server = this.#server
    if (server === undefined) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  #reloadCertificate(): void {
    const { certFile, keyFile, log } = this.#deps
    try {
      const pair = readCertificatePair(certFile, keyFile)
      this.#problem = undefined
      if (pair.cert === this.#pair?.cert && pair.key === this.#pair.key) return
      this.#server?.setSecureContext(pair)
      this.#pair = pair
      log.info({ certFile }, 'the admission webhook shows a new certificate')
    } catch (thrown) {
      const detail = messageOf(thrown)
      if (detail !== this.#problem)
        log.warn({ detail }, 'the new certificate of the admission webhook is of no use; the one before is shown')
      this.#problem = detail
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST' || request.url?.split('?')[0] !== WEBHOOK_PATH) return end(response, 404, 'There is nothing here.')
      if (this.#atOnce >= MAX_AT_ONCE) return end(response, 503, 'Too many reviews at once.')
      this.#atOnce += 1
      try {
        await this.#review(request, response)
      } finally {
        this.#atOnce -= 1
      }
    } catch (thrown) {
      this.#deps.log.warn({ detail: messageOf(thrown) }, 'an admission review could not be answered')
      end(response, 500, 'The review could not be made.')
    }
  }

  async #review(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === undefined) return end(response, 413, `A review is at most ${MAX_BODY_BYTES} bytes.`)
    const review = readReview(parse(body))
    if (review === undefined) return end(response, 400, 'This is no AdmissionReview of admission.k8s.io/v1.')
    const answer = await this.#deps.review(review, AbortSignal.timeout(REQUEST_TIMEOUT_MS))
    if (!answer.isAllowed) {
      this.#deps.log.info({ object: `${review.kind}/${review.name}`, operation: review.operation }, 'an object was refused at admission')
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(reviewResponse(review.uid, answer)))
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return
  // whatever of the body is still to come is not read
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
  response.end(`${text}\n`)
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MAX_BODY_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
